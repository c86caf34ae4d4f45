<?php
/**
 * Plugins that are known by name.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Site;

/**
 * Active plugins that send the same people and orders elsewhere, or that often close or cache what the hub calls. A name proves
 * nothing: it says where to look.
 */
class Known {

	/**
	 * Folder of a plugin => hazard.
	 */
	private const FOLDERS = array(
		'mailchimp-for-woocommerce'                      => 'sends-too',
		'leadin'                                         => 'sends-too',
		'hubspot-for-woocommerce'                        => 'sends-too',
		'makewebbetter-hubspot-for-woocommerce'          => 'sends-too',
		'woocommerce-zapier'                             => 'sends-too',
		'zapier'                                         => 'sends-too',
		'uncanny-automator'                              => 'sends-too',
		'automatorwp'                                    => 'sends-too',
		'wp-fusion'                                      => 'sends-too',
		'wp-fusion-lite'                                 => 'sends-too',
		'object-sync-for-salesforce'                     => 'sends-too',
		'gf-zoho'                                        => 'sends-too',
		'zoho-flow'                                      => 'sends-too',
		'activecampaign-for-woocommerce'                 => 'sends-too',
		'activecampaign-subscription-forms'              => 'sends-too',
		'klaviyo'                                        => 'sends-too',
		'omnisend-connect'                               => 'sends-too',
		'woocommerce-sendinblue-newsletter-subscription' => 'sends-too',
		'mailin'                                         => 'sends-too',
		'jetpack-crm'                                    => 'sends-too',
		'zero-bs-crm'                                    => 'sends-too',
		'metorik-helper'                                 => 'sends-too',
		'wp-webhooks'                                    => 'sends-too',
		'wordfence'                                      => 'guards',
		'better-wp-security'                             => 'guards',
		'all-in-one-wp-security-and-firewall'            => 'guards',
		'sucuri-scanner'                                 => 'guards',
		'wp-cerber'                                      => 'guards',
		'disable-json-api'                               => 'guards',
		'disable-wp-rest-api'                            => 'guards',
		'ninjafirewall'                                  => 'guards',
		'shield-security'                                => 'guards',
		'wp-simple-firewall'                             => 'guards',
		'wp-rest-cache'                                  => 'caches-rest',
		'litespeed-cache'                                => 'caches-rest',
		'w3-total-cache'                                 => 'caches-rest',
		'wp-rocket'                                      => 'caches-rest',
		'wp-super-cache'                                 => 'caches-rest',
	);

	/**
	 * Returns the hazards of the plugins that are active.
	 *
	 * @return array<int, array<string, string>>
	 */
	public function found(): array {
		return self::among( $this->active() );
	}

	/**
	 * Returns the hazards of plugins.
	 *
	 * @param array<int|string, string> $plugins Plugins as WordPress names them: `folder/file.php`.
	 * @return array<int, array<string, string>> One a hazard, its plugins in `said`.
	 */
	public static function among( array $plugins ): array {
		$found = array();
		foreach ( $plugins as $plugin ) {
			$folder = explode( '/', (string) $plugin )[0];
			if ( isset( self::FOLDERS[ $folder ] ) ) {
				$found[ self::FOLDERS[ $folder ] ][] = $folder;
			}
		}
		$all = array();
		foreach ( $found as $code => $folders ) {
			$all[] = HazardWords::with( array( 'code' => $code, 'found' => 'name', 'weight'                                         => 'sends-too' === $code ? 'warning' : 'info', 'said' => implode( ', ', $folders ) ) );
		}
		return $all;
	}

	/**
	 * Returns the active plugins, those of the network too.
	 *
	 * @return array<int|string, string>
	 */
	private function active(): array {
		$network = is_multisite() ? array_keys( (array) get_site_option( 'active_sitewide_plugins', array() ) ) : array();
		return array_merge( (array) get_option( 'active_plugins', array() ), $network );
	}
}
