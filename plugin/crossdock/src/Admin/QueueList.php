<?php
/**
 * The list of the queue.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

/**
 * Prints rows of the outbox with what can be done with each.
 */
final class QueueList {

	/**
	 * Now, seconds since 1970.
	 *
	 * @var float
	 */
	private float $now;

	/**
	 * Notes the time.
	 *
	 * @param float $now Seconds since 1970.
	 */
	public function __construct( float $now ) {
		$this->now = $now;
	}

	/**
	 * Prints rows. It stands in a form of the action `queue-rows`.
	 *
	 * @param array<int, array<string, string|null>> $rows The rows.
	 * @return void
	 */
	public function show( array $rows ): void {
		$table = new Table(
			__( 'Rows of the queue', 'crossdock' ),
			array(
				'what'     => __( 'What', 'crossdock' ),
				'state'    => __( 'State', 'crossdock' ),
				'priority' => __( 'Priority', 'crossdock' ),
				'created'  => __( 'Since', 'crossdock' ),
				'next'     => __( 'Next attempt', 'crossdock' ),
				'trouble'  => __( 'Last trouble', 'crossdock' ),
			),
			'ids'
		);
		$table->show( $rows, array( $this, 'cell' ), __( 'Nothing here. What happens on the site appears and goes within a minute or two.', 'crossdock' ), array( $this, 'name' ) );
	}

	/**
	 * Returns a row's id and name.
	 *
	 * @param array<string, string|null> $row The row.
	 * @return array{0: string, 1: string}
	 */
	public function name( array $row ): array {
		return array( (string) $row['id'], $this->label( $row ) );
	}

	/**
	 * Prints a cell.
	 *
	 * @param array<string, string|null> $row    The row.
	 * @param string                     $column The column.
	 * @return void
	 */
	public function cell( array $row, string $column ): void {
		switch ( $column ) {
			case 'what':
				$this->what( $row );
				return;
			case 'state':
				State::show( (string) $row['state'] );
				return;
			case 'priority':
				echo esc_html( self::priority( (int) $row['priority'] ) );
				return;
			case 'created':
				Words::moment( $row['created_at'], $this->now );
				return;
			case 'next':
				$this->next( $row );
				return;
			default:
				$this->trouble( $row );
		}
	}

	/**
	 * Returns the word for a priority.
	 *
	 * @param int $priority 1, 2 or 3.
	 * @return string
	 */
	public static function priority( int $priority ): string {
		if ( 1 === $priority ) {
			return __( 'At once', 'crossdock' );
		}
		return 3 === $priority ? __( 'Bulk', 'crossdock' ) : __( 'Standard', 'crossdock' );
	}

	/**
	 * Prints what a row is about and what can be done with it.
	 *
	 * @param array<string, string|null> $row The row.
	 * @return void
	 */
	private function what( array $row ): void {
		$link = Links::edit( (string) $row['entity'] );
		if ( '' === $link ) {
			echo '<strong>' . esc_html( $this->label( $row ) ) . '</strong>';
		} else {
			echo '<strong><a href="' . esc_url( $link ) . '">' . esc_html( $this->label( $row ) ) . '</a></strong>';
		}
		if ( 'deleted' === $row['action'] ) {
			echo ' <em>' . esc_html__( '(deleted)', 'crossdock' ) . '</em>';
		}
		if ( ! in_array( $row['state'], array( 'waiting', 'dead' ), true ) ) {
			return;
		}
		echo '<div class="row-actions">';
		echo '<button class="button-link" name="one" value="' . esc_attr( 'retry:' . $row['id'] ) . '">' . esc_html__( 'Send now', 'crossdock' ) . '<span class="screen-reader-text"> ' . esc_html( $this->label( $row ) ) . '</span></button></div>';
	}

	/**
	 * Prints when a row is tried next and how often it was.
	 *
	 * @param array<string, string|null> $row The row.
	 * @return void
	 */
	private function next( array $row ): void {
		if ( 'waiting' === $row['state'] ) {
			Words::moment( $row['next_at'], $this->now );
		} elseif ( 'sent' === $row['state'] ) {
			echo esc_html__( 'sent', 'crossdock' ) . ' ';
			Words::moment( $row['sent_at'], $this->now );
		} else {
			echo '<span aria-hidden="true">–</span><span class="screen-reader-text">' . esc_html__( 'none', 'crossdock' ) . '</span>';
		}
		if ( (int) $row['attempts'] > 0 ) {
			/* translators: %s: number of attempts. */
			echo '<br><small>' . esc_html( sprintf( _n( '%s attempt', '%s attempts', (int) $row['attempts'], 'crossdock' ), number_format_i18n( (int) $row['attempts'] ) ) ) . '</small>';
		}
	}

	/**
	 * Prints what went wrong.
	 *
	 * @param array<string, string|null> $row The row.
	 * @return void
	 */
	private function trouble( array $row ): void {
		if ( '' === (string) $row['error_code'] ) {
			echo '<span aria-hidden="true">–</span><span class="screen-reader-text">' . esc_html__( 'none', 'crossdock' ) . '</span>';
			return;
		}
		echo esc_html( (string) $row['error'] ) . ' <code>' . esc_html( (string) $row['error_code'] ) . '</code>';
	}

	/**
	 * Returns what a row is about in words.
	 *
	 * @param array<string, string|null> $row The row.
	 * @return string
	 */
	private function label( array $row ): string {
		$number = (string) substr( (string) strrchr( (string) $row['entity'], ':' ), 1 );
		if ( 'event' === $row['kind'] ) {
			return (string) $row['type'] . ( '' === $number ? '' : ' (' . $row['entity'] . ')' );
		}
		return Words::kind( (string) $row['kind'] ) . ' ' . $number;
	}
}
