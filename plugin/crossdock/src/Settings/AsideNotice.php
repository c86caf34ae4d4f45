<?php
/**
 * What is said of settings that were set aside.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Settings;

use Crossdock\Admin\Flash;
use Crossdock\Admin\Form;
use Crossdock\Admin\Menu;
use Crossdock\Admin\SettingsPage;
use Crossdock\Container;
use Crossdock\Part;
use Crossdock\Wp\Json;

/**
 * Names the settings that were not valid after an update and have their default now, until a person has seen it.
 */
final class AsideNotice implements Part {

	/**
	 * Builds what is needed when there is something to say.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Takes what builds the rest.
	 *
	 * @param Container $container Builds what is needed.
	 */
	public function __construct( Container $container ) {
		$this->container = $container;
	}

	/**
	 * Adds this part's hooks.
	 *
	 * @return void
	 */
	public function register(): void {
		add_action( 'admin_notices', array( $this, 'show' ) );
		add_action( 'admin_init', array( $this, 'load' ) );
	}

	/**
	 * Prints the notice.
	 *
	 * @return void
	 */
	public function show(): void {
		$aside = current_user_can( Menu::CAPABILITY ) ? $this->container->get( Review::class )->aside() : array();
		if ( array() === $aside ) {
			return;
		}
		echo '<div class="notice notice-warning" role="status"><p><strong>' . esc_html__( 'Crossdock: some settings were not valid and have their default now.', 'crossdock' ) . '</strong></p><ul>';
		foreach ( $aside as $name => $one ) {
			$value = is_scalar( $one['value'] ) ? Json::encode( $one['value'] ) : __( 'no single value', 'crossdock' );
			/* translators: 1: name of a setting, 2: its former value, 3: what it may be. */
			echo '<li>' . esc_html( sprintf( __( '%1$s (was: %2$s). %3$s', 'crossdock' ), Words::of( (string) $name )['label'], $value, (string) $one['remedy'] ) ) . '</li>';
		}
		echo '</ul><p><a href="' . esc_url( Menu::url( SettingsPage::SLUG ) ) . '">' . esc_html__( 'Settings', 'crossdock' ) . '</a></p>';
		Form::button( 'aside-seen', __( 'Dismiss', 'crossdock' ) );
		echo '</div>';
	}

	/**
	 * Forgets them when a person has seen them.
	 *
	 * @return void
	 */
	public function load(): void {
		if ( null !== Form::sent( 'aside-seen' ) ) {
			$this->container->get( Review::class )->dismiss();
			Flash::go( 'success', __( 'Dismissed.', 'crossdock' ), Menu::url( SettingsPage::SLUG ) );
		}
	}
}
