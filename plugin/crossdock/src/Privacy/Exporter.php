<?php
/**
 * Exports what the plugin keeps of a person.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Privacy;

/**
 * Answers WordPress' export of personal data.
 */
class Exporter {

	/**
	 * What the plugin keeps of a person.
	 *
	 * @var Person
	 */
	private Person $person;

	/**
	 * Notes what it needs.
	 *
	 * @param Person $person What the plugin keeps of a person.
	 */
	public function __construct( Person $person ) {
		$this->person = $person;
	}

	/**
	 * Returns a page of the export.
	 *
	 * @param string $email The person's address.
	 * @param int    $page  From 1.
	 * @return array{data: array<int, array<string, mixed>>, done: bool}
	 */
	public function page( string $email, int $page ): array {
		$user   = $this->person->user( $email );
		$orders = $this->person->orders( $email, $page );
		$data   = array();
		if ( $page <= 1 ) {
			$data = $this->rows( $email, $user );
			$meta = $this->person->user_meta( $user );
			if ( array() !== $meta ) {
				$data[] = $this->item( 'user-' . $user, $meta );
			}
		}
		foreach ( $orders as $order ) {
			$meta = array();
			foreach ( $order->get_meta_data() as $one ) {
				$entry = $one->get_data();
				if ( Person::ours( (string) $entry['key'] ) && is_scalar( $entry['value'] ) ) {
					$meta[ (string) $entry['key'] ] = (string) $entry['value'];
				}
			}
			if ( array() !== $meta ) {
				$data[] = $this->item( 'order-' . $order->get_id(), $meta );
			}
		}
		return array(
			'data' => $data,
			'done' => count( $orders ) < Person::ORDERS,
		);
	}

	/**
	 * Returns what lies in the outbox.
	 *
	 * @param string $email The address.
	 * @param int    $user  The user.
	 * @return array<int, array<string, mixed>>
	 */
	private function rows( string $email, int $user ): array {
		$data = array();
		foreach ( $this->person->rows( $email, $user ) as $row ) {
			$facts = array_filter(
				array(
					__( 'What', 'crossdock' )    => '' === (string) $row['type'] ? (string) $row['kind'] : (string) $row['type'],
					__( 'About', 'crossdock' )   => (string) $row['entity'],
					__( 'State', 'crossdock' )   => (string) $row['state'],
					__( 'Noted', 'crossdock' )   => (string) $row['created_at'],
					__( 'Sent', 'crossdock' )    => (string) $row['sent_at'],
					__( 'Content', 'crossdock' ) => (string) $row['payload'],
				),
				'strlen'
			);
			$data[] = $this->item( 'queue-' . $row['id'], $facts );
		}
		return $data;
	}

	/**
	 * Returns an item of the export.
	 *
	 * @param string                $id    Its id.
	 * @param array<string, string> $facts Name => value.
	 * @return array<string, mixed>
	 */
	private function item( string $id, array $facts ): array {
		$data = array();
		foreach ( $facts as $name => $value ) {
			$data[] = array(
				'name'  => $name,
				'value' => $value,
			);
		}
		return array(
			'group_id'    => 'crossdock',
			'group_label' => __( 'Passed on by Crossdock', 'crossdock' ),
			'item_id'     => 'crossdock-' . $id,
			'data'        => $data,
		);
	}
}
