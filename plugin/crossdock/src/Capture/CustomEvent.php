<?php
/**
 * One event of another plugin.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Capture;

use Crossdock\Wp\Json;

/**
 * Reads and checks what was given to `crossdock_event`.
 */
final class CustomEvent {

	/**
	 * Bytes of a payload at most.
	 */
	public const MOST = 65536;

	/**
	 * What the plugin itself tells; others may not speak in its name.
	 */
	private const OURS = array( 'order', 'customer', 'product', 'refund', 'user', 'consent' );

	/**
	 * The event's name.
	 *
	 * @var string
	 */
	public string $name = '';

	/**
	 * What happened.
	 *
	 * @var array<mixed>
	 */
	public array $payload = array();

	/**
	 * Whom it is about; empty for nobody.
	 *
	 * @var string
	 */
	public string $entity = '';

	/**
	 * What is wrong with it, with the remedy; empty when nothing is.
	 *
	 * @var string
	 */
	public string $fault = '';

	/**
	 * Reads what was given.
	 *
	 * @param mixed $name    The name.
	 * @param mixed $payload What happened.
	 * @param mixed $entity  Whom it is about.
	 */
	public function __construct( $name, $payload, $entity ) {
		$this->name   = is_string( $name ) ? substr( $name, 0, 64 ) : '';
		$this->fault  = self::name_fault( $name );
		$this->entity = $this->about( $entity );
		if ( '' !== $this->fault ) {
			return;
		}
		if ( is_object( $payload ) ) {
			$payload = $payload instanceof \JsonSerializable ? $payload->jsonSerialize() : get_object_vars( $payload );
		}
		if ( ! is_array( $payload ) ) {
			$this->fault = 'The payload of an event is an array of plain values; a ' . gettype( $payload ) . ' was given.';
			return;
		}
		if ( strlen( Json::encode( $payload ) ) > self::MOST ) {
			$this->fault = 'The payload of an event has at most ' . self::MOST . ' bytes as JSON; send ids instead of whole objects.';
			return;
		}
		$this->payload = $payload;
	}

	/**
	 * Says what is wrong with a name.
	 *
	 * @param mixed $name The name.
	 * @return string Empty when nothing is.
	 */
	public static function name_fault( $name ): string {
		if ( ! is_string( $name ) || ! preg_match( '/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,3}$/D', $name ) || strlen( $name ) > 64 ) {
			return 'The name of an event is two to four lower-case words joined by dots, at most 64 characters, such as assessment.completed.';
		}
		if ( in_array( strtok( $name, '.' ), self::OURS, true ) ) {
			return 'Names that begin with order, customer, product, refund, user or consent are told by the plugin itself; use a word of your own.';
		}
		return '';
	}

	/**
	 * Returns the e-mail address of the person it is about.
	 *
	 * @return string Empty when it is about nobody who has one.
	 */
	public function subject(): string {
		if ( isset( $this->payload['email'] ) && is_string( $this->payload['email'] ) && is_email( $this->payload['email'] ) ) {
			return $this->payload['email'];
		}
		list( $kind, $id ) = explode( ':', $this->entity . ':' );
		if ( 'user' === $kind ) {
			$user = get_userdata( (int) $id );
			return $user instanceof \WP_User ? (string) $user->user_email : '';
		}
		$order = 'order' === $kind && function_exists( 'wc_get_order' ) ? wc_get_order( (int) $id ) : false;
		return $order instanceof \WC_Order ? (string) $order->get_billing_email() : '';
	}

	/**
	 * Reads whom it is about.
	 *
	 * @param mixed $entity As given.
	 * @return string
	 */
	private function about( $entity ): string {
		if ( null === $entity || '' === $entity ) {
			$user = get_current_user_id();
			return $user > 0 ? 'user:' . $user : '';
		}
		if ( $entity instanceof \WP_User ) {
			return 'user:' . $entity->ID;
		}
		if ( is_object( $entity ) && method_exists( $entity, 'get_id' ) ) {
			return ( $entity instanceof \WC_Abstract_Order ? 'order:' : 'product:' ) . $entity->get_id();
		}
		if ( is_int( $entity ) || ( is_string( $entity ) && ctype_digit( $entity ) ) ) {
			return 'user:' . $entity;
		}
		if ( is_string( $entity ) && preg_match( '/^[a-z][a-z0-9_]{0,30}:[A-Za-z0-9_.-]{1,60}$/D', $entity ) ) {
			return $entity;
		}
		$this->fault = '' === $this->fault ? 'Say whom an event is about as a user’s id or as kind:id, such as user:12 or order:34.' : $this->fault;
		return '';
	}
}
