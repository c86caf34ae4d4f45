<?php
/**
 * The list of the log.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Wp\Json;

/**
 * Prints lines of the log.
 */
final class LogList {

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
	 * Prints lines.
	 *
	 * @param array<int, array<string, string|null>> $lines The lines.
	 * @return void
	 */
	public function show( array $lines ): void {
		$now   = $this->now;
		$table = new Table(
			__( 'Lines of the log, the newest first', 'crossdock' ),
			array(
				'message' => __( 'What happened', 'crossdock' ),
				'level'   => __( 'Level', 'crossdock' ),
				'times'   => __( 'Times', 'crossdock' ),
				'last'    => __( 'Last', 'crossdock' ),
				'context' => __( 'Details', 'crossdock' ),
			)
		);
		$table->show(
			$lines,
			static function ( array $line, string $column ) use ( $now ): void {
				if ( 'message' === $column ) {
					echo esc_html( (string) $line['message'] ) . '<br><code>' . esc_html( (string) $line['code'] ) . '</code>';
				} elseif ( 'level' === $column ) {
					State::show( (string) $line['level'], self::level( (string) $line['level'] ) );
				} elseif ( 'times' === $column ) {
					echo esc_html( number_format_i18n( (int) $line['times'] ) );
				} elseif ( 'last' === $column ) {
					Words::moment( $line['last_at'], $now );
				} else {
					self::context( (string) $line['context'] );
				}
			},
			__( 'No lines. That is good.', 'crossdock' )
		);
	}

	/**
	 * Prints the details of a line.
	 *
	 * @param string $json The details as kept.
	 * @return void
	 */
	private static function context( string $json ): void {
		$details = Json::decode( $json ) ?? array();
		foreach ( $details as $name => $value ) {
			echo '<span class="crossdock-detail">' . esc_html( $name . ': ' . ( is_scalar( $value ) ? (string) $value : '' ) ) . '</span> ';
		}
		if ( array() === $details ) {
			echo '<span aria-hidden="true">–</span><span class="screen-reader-text">' . esc_html__( 'none', 'crossdock' ) . '</span>';
		}
	}

	/**
	 * Returns the word for a level.
	 *
	 * @param string $level One of `Log::LEVELS`.
	 * @return string
	 */
	public static function level( string $level ): string {
		return 'debug' === $level ? __( 'Detail', 'crossdock' ) : State::word( $level );
	}
}
