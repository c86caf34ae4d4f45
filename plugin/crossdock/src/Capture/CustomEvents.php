<?php
/**
 * Events of other plugins and themes.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Capture;

use Crossdock\Monitor\Log;

/**
 * Takes `do_action( 'crossdock_event', $name, $payload, $entity )`. What is wrong with one is written into the log with the
 * remedy; the caller's page goes on.
 */
class CustomEvents {

	/**
	 * The action.
	 */
	public const HOOK = 'crossdock_event';

	/**
	 * The door to the outbox.
	 *
	 * @var Gate
	 */
	private Gate $gate;

	/**
	 * The log.
	 *
	 * @var Log
	 */
	private Log $log;

	/**
	 * Takes what it works with.
	 *
	 * @param Gate $gate The door to the outbox.
	 * @param Log  $log  The log.
	 */
	public function __construct( Gate $gate, Log $log ) {
		$this->gate = $gate;
		$this->log  = $log;
	}

	/**
	 * Something happened, as another plugin tells.
	 *
	 * @param mixed $name    Lower-case words joined by dots: `assessment.completed`.
	 * @param mixed $payload What happened: an array of plain values.
	 * @param mixed $entity  Whom it is about: a user's id, a WP_User, `user:12`, `order:34`; null for the person who is logged in.
	 * @return void
	 */
	public function happened( $name = '', $payload = array(), $entity = null ): void {
		if ( ! $this->gate->open( 'send_events' ) ) {
			return;
		}
		$event = new CustomEvent( $name, $payload, $entity );
		/**
		 * Changes an event before it is written down; null keeps it back.
		 *
		 * @param array|null $payload What happened.
		 * @param string     $name    The event's name.
		 * @param string     $entity  Whom it is about.
		 */
		$payload = '' === $event->fault ? apply_filters( 'crossdock_event_payload', $event->payload, $event->name, $event->entity ) : null;
		if ( '' === $event->fault && null === $payload ) {
			return;
		}
		if ( '' === $event->fault && $payload !== $event->payload ) {
			$event = new CustomEvent( $event->name, $payload, $event->entity );
		}
		if ( '' !== $event->fault ) {
			$this->log->warning( 'event-refused', $event->fault, array( 'type' => $event->name, 'source' => 'capture' ) );
			return;
		}
		$this->gate->happened( $event->name, $event->payload, $event->entity, $event->subject() );
	}
}
