<?php
/**
 * People.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Capture;

/**
 * Notices people who register, change their profile, log in or are deleted.
 */
class Users {

	/**
	 * The door to the outbox.
	 *
	 * @var Gate
	 */
	private Gate $gate;

	/**
	 * Takes what it works with.
	 *
	 * @param Gate $gate The door to the outbox.
	 */
	public function __construct( Gate $gate ) {
		$this->gate = $gate;
	}

	/**
	 * Somebody registered, or was made by somebody else.
	 *
	 * @param int $id The user.
	 * @return void
	 */
	public function registered( $id ): void {
		if ( ! $this->gate->open( 'send_users' ) ) {
			return;
		}
		$user = get_userdata( (int) $id );
		$this->gate->saved( 'customer', (int) $id );
		if ( $user instanceof \WP_User ) {
			$roles = array_values( $user->roles );
			$this->gate->happened(
				'user.registered',
				array(
					'user_id'  => $user->ID,
					'role'     => $roles[0] ?? '',
					'by_admin' => is_user_logged_in() && get_current_user_id() !== $user->ID,
				),
				'user:' . $user->ID,
				(string) $user->user_email
			);
		}
	}

	/**
	 * A profile or address was changed.
	 *
	 * @param int $id The user.
	 * @return void
	 */
	public function saved( $id ): void {
		if ( $this->gate->open( 'send_users' ) ) {
			$this->gate->saved( 'customer', (int) $id );
		}
	}

	/**
	 * Somebody logged in.
	 *
	 * @param string $name The user's login.
	 * @param mixed  $user The user, where this WordPress gives it.
	 * @return void
	 */
	public function logged_in( $name, $user = null ): void {
		if ( ! $this->gate->open( 'send_logins' ) ) {
			return;
		}
		$user = $user instanceof \WP_User ? $user : get_user_by( 'login', (string) $name );
		if ( $user instanceof \WP_User ) {
			$this->gate->happened( 'user.login', array( 'user_id' => $user->ID ), 'user:' . $user->ID, (string) $user->user_email, 2 );
		}
	}

	/**
	 * Somebody was deleted, or is no longer of this site of the network.
	 *
	 * @param int $id The user.
	 * @return void
	 */
	public function gone( $id ): void {
		if ( $this->gate->open( 'send_users' ) ) {
			$this->gate->deleted( 'customer', (int) $id );
		}
	}
}
