<?php
/**
 * Erases what the plugin keeps of a person.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Privacy;

use Crossdock\Commands\Own;
use Crossdock\Hub\Credentials;
use Crossdock\Outbox\Outbox;

/**
 * Answers WordPress' erasure of personal data: drops what lies here and tells the hub, by an event
 * `privacy.erasure_requested`, to erase its share.
 */
class Eraser {

	/**
	 * The event that tells the hub.
	 */
	public const TYPE = 'privacy.erasure_requested';

	/**
	 * What the plugin keeps of a person.
	 *
	 * @var Person
	 */
	private Person $person;

	/**
	 * The outbox.
	 *
	 * @var Outbox
	 */
	private Outbox $outbox;

	/**
	 * What is known of the pairing.
	 *
	 * @var Credentials
	 */
	private Credentials $credentials;

	/**
	 * Notes what it needs.
	 *
	 * @param Person      $person      What the plugin keeps of a person.
	 * @param Outbox      $outbox      The outbox.
	 * @param Credentials $credentials What is known of the pairing.
	 */
	public function __construct( Person $person, Outbox $outbox, Credentials $credentials ) {
		$this->person      = $person;
		$this->outbox      = $outbox;
		$this->credentials = $credentials;
	}

	/**
	 * Erases a page.
	 *
	 * @param string $email The person's address.
	 * @param int    $page  From 1.
	 * @return array{items_removed: bool, items_retained: bool, messages: array<int, string>, done: bool}
	 */
	public function page( string $email, int $page ): array {
		$user     = $this->person->user( $email );
		$removed  = 0;
		$messages = array();
		$retained = false;
		if ( $page <= 1 ) {
			$removed += $this->person->forget_rows( $email, $user ) + $this->person->forget_lines( $user );
			if ( $this->credentials->paired() ) {
				$told       = $this->tell( $email, $user );
				$retained   = ! $told;
				$messages[] = $told ? __( 'Crossdock’s hub is told to erase this person’s data in the connected systems.', 'crossdock' ) : __( 'Crossdock’s hub could not be told; erase the person there.', 'crossdock' );
			}
		}
		$orders   = $this->person->orders( $email, $page );
		$removed += Own::during(
			function () use ( $page, $user, $orders ): int {
				return ( $page <= 1 ? $this->user( $user ) : 0 ) + array_sum( array_map( array( $this, 'order' ), $orders ) );
			}
		);
		return array(
			'items_removed'  => $removed > 0,
			'items_retained' => $retained,
			'messages'       => $messages,
			'done'           => count( $orders ) < Person::ORDERS,
		);
	}

	/**
	 * Tells the hub.
	 *
	 * @param string $email The address.
	 * @param int    $user  The user; 0 for none.
	 * @return bool Whether it is in the outbox.
	 */
	private function tell( string $email, int $user ): bool {
		$data = array( 'email' => $email );
		if ( $user > 0 ) {
			$data['customer_id'] = $user;
		}
		return '' !== $this->outbox->happened( self::TYPE, $data, $user > 0 ? 'user:' . $user : '', $email );
	}

	/**
	 * Takes away the meta of ours of a user.
	 *
	 * @param int $user The user; 0 for none.
	 * @return int Pieces taken away.
	 */
	private function user( int $user ): int {
		$keys = array_keys( $this->person->user_meta( $user ) );
		foreach ( $keys as $key ) {
			delete_user_meta( $user, $key );
		}
		return count( $keys );
	}

	/**
	 * Takes away the meta of ours of an order.
	 *
	 * @param object $order The order.
	 * @return int Pieces taken away.
	 */
	private function order( $order ): int {
		$gone = 0;
		foreach ( $order->get_meta_data() as $one ) {
			$key = (string) $one->get_data()['key'];
			if ( Person::ours( $key ) ) {
				$order->delete_meta_data( $key );
				++$gone;
			}
		}
		if ( $gone > 0 ) {
			$order->save_meta_data();
		}
		return $gone;
	}
}
