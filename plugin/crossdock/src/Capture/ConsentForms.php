<?php
/**
 * Where people are asked when they register, and where they change their mind.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Capture;

use Crossdock\Settings\Settings;

/**
 * A box at registration (WordPress' and WooCommerce's), never ticked beforehand; and one in the account and the profile that
 * shows what was agreed to, so that it can be withdrawn where it was given.
 */
class ConsentForms {

	/**
	 * The nonce's field and action.
	 */
	private const NONCE = 'crossdock_consent_nonce';

	private Settings $settings;
	private Permission $permission;

	/**
	 * Takes what it works with.
	 *
	 * @param Settings   $settings   The settings.
	 * @param Permission $permission Keeps consents.
	 */
	public function __construct( Settings $settings, Permission $permission ) {
		$this->settings   = $settings;
		$this->permission = $permission;
	}

	/**
	 * Prints the box of the registration form.
	 *
	 * @return void
	 */
	public function ask(): void {
		if ( $this->settings->on( 'consent_registration' ) ) {
			$this->box( false );
		}
	}

	/**
	 * Somebody registered: notes the consent, if the box was ticked.
	 *
	 * @param int $id The user.
	 * @return void
	 */
	public function registered( $id ): void {
		if ( $this->settings->on( 'consent_registration' ) && true === $this->ticked( (int) $id ) ) {
			$this->permission->of_user( (int) $id, true, 'registration' );
		}
	}

	/**
	 * Prints the box of the account, as it stands.
	 *
	 * @return void
	 */
	public function show(): void {
		if ( $this->used() ) {
			$this->box( 'yes' === get_user_meta( get_current_user_id(), Permission::GIVEN, true ) );
		}
	}

	/**
	 * Prints the box of the profile, as it stands.
	 *
	 * @param mixed $user The user who is shown.
	 * @return void
	 */
	public function show_in_admin( $user ): void {
		if ( $user instanceof \WP_User && $this->used() ) {
			echo '<h2>' . esc_html__( 'Marketing', 'crossdock' ) . '</h2>';
			$this->box( 'yes' === get_user_meta( $user->ID, Permission::GIVEN, true ) );
		}
	}

	/**
	 * The account was saved.
	 *
	 * @param int $id The user.
	 * @return void
	 */
	public function saved_account( $id ): void {
		$this->changed( (int) $id, 'account' );
	}

	/**
	 * The profile was saved.
	 *
	 * @param int $id The user.
	 * @return void
	 */
	public function saved_profile( $id ): void {
		if ( current_user_can( 'edit_user', (int) $id ) ) {
			$this->changed( (int) $id, 'profile' );
		}
	}

	/**
	 * Another plugin tells of a consent.
	 *
	 * @param mixed $id    The user.
	 * @param mixed $given Whether it was given; false when it was withdrawn.
	 * @param mixed $text  What was agreed to.
	 * @return void
	 */
	public function told( $id, $given = false, $text = '' ): void {
		if ( get_userdata( (int) $id ) instanceof \WP_User ) {
			$this->permission->of_user( (int) $id, true === $given, 'code', is_string( $text ) ? $text : '' );
		}
	}

	/**
	 * Notes what the box says now.
	 *
	 * @param int    $id    The user.
	 * @param string $place Where.
	 * @return void
	 */
	private function changed( int $id, string $place ): void {
		$ticked = $this->used() ? $this->ticked( $id ) : null;
		if ( null !== $ticked ) {
			$this->permission->of_user( $id, $ticked, $place );
		}
	}

	/**
	 * Tells whether people are asked at all.
	 *
	 * @return bool
	 */
	private function used(): bool {
		return $this->settings->on( 'consent_registration' ) || $this->settings->on( 'consent_checkout' );
	}

	/**
	 * Prints a box.
	 *
	 * @param bool $ticked Whether it is ticked.
	 * @return void
	 */
	private function box( bool $ticked ): void {
		wp_nonce_field( self::NONCE, self::NONCE, false );
		echo '<p class="form-row form-row-wide crossdock-consent"><label for="' . esc_attr( Consent::FIELD ) . '"><input type="checkbox" name="' . esc_attr( Consent::FIELD ) . '" id="' . esc_attr( Consent::FIELD ) . '" value="1"' . checked( $ticked, true, false ) . ' /> ' . esc_html( $this->permission->text() ) . '</label></p>';
	}

	/**
	 * Reads the box of the form that was posted: by a visitor who registers, or by somebody who may edit this person.
	 *
	 * @param int $id The user.
	 * @return bool|null Null when our box was not in the form.
	 */
	private function ticked( int $id ): ?bool {
		if ( is_user_logged_in() && ! current_user_can( 'edit_user', $id ) ) {
			return null;
		}
		$nonce = isset( $_POST[ self::NONCE ] ) && is_string( $_POST[ self::NONCE ] ) ? sanitize_text_field( wp_unslash( $_POST[ self::NONCE ] ) ) : '';
		if ( '' === $nonce || ! wp_verify_nonce( $nonce, self::NONCE ) ) {
			return null;
		}
		return isset( $_POST[ Consent::FIELD ] ) && '1' === $_POST[ Consent::FIELD ];
	}
}
