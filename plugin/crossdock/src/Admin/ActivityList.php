<?php
/**
 * The list of events.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

/**
 * Prints events as the hub tells them, each with what became of it at every destination.
 */
final class ActivityList {

	/**
	 * Now, seconds since 1970.
	 *
	 * @var float
	 */
	private float $now;

	/**
	 * Whether each event has a button that delivers it again.
	 *
	 * @var bool
	 */
	private bool $buttons;

	/**
	 * Notes the time.
	 *
	 * @param float $now     Seconds since 1970.
	 * @param bool  $buttons Whether each event has a button that delivers it again.
	 */
	public function __construct( float $now, bool $buttons = true ) {
		$this->now     = $now;
		$this->buttons = $buttons;
	}

	/**
	 * Prints events.
	 *
	 * @param array<int, array<string, mixed>> $items    Events as `GET /activity` tells them.
	 * @param bool                             $filtered Whether the list is filtered.
	 * @return void
	 */
	public function show( array $items, bool $filtered ): void {
		$table = new Table(
			__( 'Events and what became of them, the newest first', 'crossdock' ),
			array(
				'what'       => __( 'What happened', 'crossdock' ),
				'when'       => __( 'When', 'crossdock' ),
				'deliveries' => __( 'What became of it', 'crossdock' ),
			)
		);
		$empty = $filtered ? __( 'No event matches this filter.', 'crossdock' ) : __( 'The hub has no event of this site yet.', 'crossdock' );
		$table->show( $items, array( $this, 'cell' ), $empty );
	}

	/**
	 * Prints a cell.
	 *
	 * @param array<string, mixed> $item   The event.
	 * @param string               $column The column.
	 * @return void
	 */
	public function cell( array $item, string $column ): void {
		if ( 'what' === $column ) {
			$this->what( $item );
		} elseif ( 'when' === $column ) {
			Words::moment( self::text( $item, 'occurred_at' ), $this->now );
		} else {
			$this->deliveries( array_filter( (array) ( $item['deliveries'] ?? array() ), 'is_array' ) );
		}
	}

	/**
	 * Prints what an event is.
	 *
	 * @param array<string, mixed> $item The event.
	 * @return void
	 */
	private function what( array $item ): void {
		$name  = self::name( $item );
		$link  = Links::edit( self::text( $item, 'entity' ) );
		if ( '' !== $link && '' !== $name ) {
			echo '<strong><a href="' . esc_url( $link ) . '">' . esc_html( $name ) . '</a></strong><br>';
		} elseif ( '' !== $name ) {
			echo '<strong>' . esc_html( $name ) . '</strong><br>';
		}
		echo '<code>' . esc_html( self::text( $item, 'type' ) ) . '</code>';
		$event = self::text( $item, 'event' );
		if ( $this->buttons && '' !== $event ) {
			Form::open( 'activity-resend', array( 'event' => $event ), 'crossdock-again' );
			echo '<a href="' . esc_url( Menu::url( ActivityPage::SLUG, array( 'event' => $event ) ) ) . '">' . esc_html__( 'Attempts', 'crossdock' ) . '<span class="screen-reader-text"> ' . esc_html( $name ) . '</span></a> | ';
			echo '<button class="button-link">' . esc_html__( 'Deliver again', 'crossdock' ) . '<span class="screen-reader-text"> ' . esc_html( $name ) . '</span></button></form>';
		}
	}

	/**
	 * Returns what an event is about, in words: `Order #12`, `Product TEA-1`, `user:7`.
	 *
	 * @param array<string, mixed> $item The event.
	 * @return string Empty when it is about nothing.
	 */
	private static function name( array $item ): string {
		$kind  = self::text( $item, 'kind' );
		$label = self::text( $item, 'label' );
		if ( 'event' === $kind ) {
			return self::text( $item, 'entity' );
		}
		if ( '' === $label || 0 === strpos( $label, $kind . ' ' ) ) {
			$label = (string) substr( (string) strrchr( self::text( $item, 'entity' ), ':' ), 1 );
		}
		return trim( Words::kind( $kind ) . ' ' . $label );
	}

	/**
	 * Prints what became of an event at every destination.
	 *
	 * @param array<int, array<string, mixed>> $deliveries The deliveries.
	 * @return void
	 */
	private function deliveries( array $deliveries ): void {
		if ( array() === $deliveries ) {
			State::show( 'off', __( 'No destination wanted it', 'crossdock' ) );
			return;
		}
		echo '<ul class="crossdock-deliveries">';
		foreach ( $deliveries as $delivery ) {
			$to   = is_array( $delivery['destination'] ?? null ) ? $delivery['destination'] : array();
			$name = '' === self::text( $to, 'name' ) ? self::text( $to, 'title' ) : self::text( $to, 'name' );
			echo '<li>';
			State::show( self::text( $delivery, 'state' ) );
			echo ' <span>' . esc_html( $name ) . '</span> ';
			self::record( $delivery, $name );
			$reason = self::text( $delivery, 'reason' );
			if ( '' !== $reason ) {
				echo '<br><span class="crossdock-reason">' . esc_html( $reason ) . '</span>';
			}
			echo '</li>';
		}
		echo '</ul>';
	}

	/**
	 * Prints the record at the destination.
	 *
	 * @param array<string, mixed> $delivery The delivery, or a link.
	 * @param string               $name     The destination's name.
	 * @return void
	 */
	public static function record( array $delivery, string $name ): void {
		$id  = self::text( $delivery, 'record_id' );
		$url = self::text( $delivery, 'record_url' );
		if ( '' === $id ) {
			return;
		}
		if ( preg_match( '#^https?://#i', $url ) ) {
			/* translators: %s: name of a system. */
			$words = sprintf( __( 'in %s (opens in a new tab)', 'crossdock' ), $name );
			echo '<a href="' . esc_url( $url ) . '" target="_blank" rel="noopener noreferrer">' . esc_html( $id ) . '<span class="screen-reader-text"> ' . esc_html( $words ) . '</span></a>';
			return;
		}
		echo '<code>' . esc_html( $id ) . '</code>';
	}

	/**
	 * Returns a text of what the hub told.
	 *
	 * @param array<string, mixed> $told What it told.
	 * @param string               $name The name.
	 * @return string
	 */
	private static function text( array $told, string $name ): string {
		return isset( $told[ $name ] ) && is_scalar( $told[ $name ] ) ? (string) $told[ $name ] : '';
	}
}
