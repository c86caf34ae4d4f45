<?php
/**
 * What the probe found, in words.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Site;

/**
 * Says what stands in the way into this site and what to do about it.
 */
final class ProbeWords {

	/**
	 * Returns the words of a code of `Probe`.
	 *
	 * @param string $code The code.
	 * @return array{title: string, remedy: string}
	 */
	public static function of( string $code ): array {
		$all = array(
			''                 => array( __( 'Requests come in whole.', 'crossdock' ), '' ),
			'unreachable'      => array( __( 'This site cannot call itself, so this could not be tried.', 'crossdock' ), __( 'Often only the loopback is closed and the hub still comes in: see the hub’s own check of the connection. If it fails too, ask your host.', 'crossdock' ) ),
			'rest-blocked'     => array( __( 'The REST interface of this site is closed to the hub.', 'crossdock' ), __( 'Let /wp-json/crossdock/v1/ pass in your security plugin or firewall. Sending to the hub works without it; values from the CRM cannot be written back.', 'crossdock' ) ),
			'noise'            => array( __( 'Something prints into the answers of the REST interface.', 'crossdock' ), __( 'A plugin or theme prints a warning, a blank or a byte order mark. Switch off WP_DEBUG_DISPLAY and find it in the log.', 'crossdock' ) ),
			'headers-stripped' => array( __( 'The server drops headers of requests.', 'crossdock' ), __( 'Signed commands of the hub cannot be checked. Let the headers named here pass in your web server, proxy or security plugin.', 'crossdock' ) ),
			'body-changed'     => array( __( 'Something changes what is sent to this site.', 'crossdock' ), __( 'Signed commands of the hub fail. Exclude /wp-json/crossdock/v1/ from the filters of your firewall or security plugin.', 'crossdock' ) ),
			'cached'           => array( __( 'A cache answers for the REST interface.', 'crossdock' ), __( 'Exclude /wp-json/crossdock/ from your cache.', 'crossdock' ) ),
			'stale-options'    => array( __( 'Another process of this site does not see what was just written.', 'crossdock' ), __( 'The object cache serves old options. The plugin reads what matters past it; flush the cache and check its setup.', 'crossdock' ) ),
			'cache-lost'       => array( __( 'The object cache forgets between two requests.', 'crossdock' ), __( 'A drop-in object-cache.php is installed that does not keep anything: transients of all plugins are lost. The plugin keeps nothing of weight there.', 'crossdock' ) ),
		);
		$one = $all[ $code ] ?? $all['rest-blocked'];
		return array( 'title' => $one[0], 'remedy' => $one[1] );
	}
}
