<?php
/**
 * The screen of the figures.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Monitor\Queue;
use Crossdock\Monitor\Stats;
use Crossdock\Settings\Settings;

/**
 * Shows what was sent and what failed by day and kind, and how long it took.
 */
final class StatisticsPage implements Page {

	/**
	 * The slug.
	 */
	public const SLUG = 'crossdock-statistics';

	/**
	 * The figures.
	 *
	 * @var Stats
	 */
	private Stats $stats;

	/**
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * Notes what it needs.
	 *
	 * @param Stats    $stats    The figures.
	 * @param Settings $settings The settings: how long rows are kept.
	 */
	public function __construct( Stats $stats, Settings $settings ) {
		$this->stats    = $stats;
		$this->settings = $settings;
	}

	/**
	 * Returns the name of the screen.
	 *
	 * @return string
	 */
	public static function title(): string {
		return __( 'Statistics', 'crossdock' );
	}

	/**
	 * Nothing is sent from here.
	 *
	 * @return void
	 */
	public function load(): void {
	}

	/**
	 * Prints the screen.
	 *
	 * @return void
	 */
	public function show(): void {
		$kept = $this->settings->number( 'keep_sent_days' );
		/* translators: %s: number of days. */
		echo '<p>' . esc_html( sprintf( _n( 'Counted from the queue, where what was sent is kept for %s day (see the settings). The hub keeps the whole story.', 'Counted from the queue, where what was sent is kept for %s days (see the settings). The hub keeps the whole story.', $kept, 'crossdock' ), number_format_i18n( $kept ) ) ) . '</p>';
		$this->latency();
		echo '<h2>' . esc_html__( 'By day and kind', 'crossdock' ) . '</h2>';
		$this->days( $this->stats->days( max( 2, min( 31, $kept + 1 ) ), (int) wp_timezone()->getOffset( new \DateTimeImmutable( 'now' ) ) ) );
	}

	/**
	 * Prints how long it took.
	 *
	 * @return void
	 */
	private function latency(): void {
		$took = $this->stats->latency();
		echo '<h2>' . esc_html__( 'From the site to the hub, last 24 hours', 'crossdock' ) . '</h2>';
		if ( 0 === $took['count'] ) {
			echo '<p>' . esc_html__( 'Nothing was sent in the last 24 hours.', 'crossdock' ) . '</p>';
			return;
		}
		$facts = array(
			__( 'Changes sent', 'crossdock' )        => number_format_i18n( $took['count'] ),
			__( 'Half of them within', 'crossdock' ) => Words::span( $took['half_s'] ),
			__( '95 of 100 within', 'crossdock' )    => Words::span( $took['most_s'] ),
			__( 'The longest took', 'crossdock' )    => Words::span( $took['longest_s'] ),
		);
		echo '<dl class="crossdock-facts">';
		foreach ( $facts as $label => $words ) {
			echo '<dt>' . esc_html( $label ) . '</dt><dd>' . esc_html( $words ) . '</dd>';
		}
		echo '</dl>';
	}

	/**
	 * Prints the days.
	 *
	 * @param array<string, array{sent: array<string, int>, dead: array<string, int>}> $days Counts by day.
	 * @return void
	 */
	private function days( array $days ): void {
		$columns = array( 'day' => __( 'Day', 'crossdock' ) );
		foreach ( Queue::KINDS as $kind ) {
			$columns[ $kind ] = Words::kind( $kind );
		}
		$columns += array(
			'sum'  => __( 'Sent', 'crossdock' ),
			'dead' => __( 'Failed', 'crossdock' ),
		);
		$most     = 1;
		foreach ( $days as $counts ) {
			$most = max( $most, (int) array_sum( $counts['sent'] ) );
		}
		$table = new Table( __( 'What was sent and what failed by day and kind', 'crossdock' ), $columns, '', false );
		$table->show(
			array_keys( $days ),
			static function ( string $day, string $column ) use ( $days, $most ): void {
				if ( 'day' === $column ) {
					echo '<time datetime="' . esc_attr( $day ) . '">' . esc_html( (string) wp_date( (string) get_option( 'date_format' ), (int) strtotime( $day . ' UTC' ), new \DateTimeZone( 'UTC' ) ) ) . '</time>';
				} elseif ( 'sum' === $column ) {
					$sum = (int) array_sum( $days[ $day ]['sent'] );
					echo esc_html( number_format_i18n( $sum ) ) . '<span class="crossdock-bar" aria-hidden="true" style="width:' . esc_attr( (string) round( 100 * $sum / $most ) ) . '%"></span>';
				} elseif ( 'dead' === $column ) {
					$sum = (int) array_sum( $days[ $day ]['dead'] );
					if ( $sum > 0 ) {
						State::show( 'dead', number_format_i18n( $sum ) );
					} else {
						echo '0';
					}
				} else {
					echo esc_html( number_format_i18n( $days[ $day ]['sent'][ $column ] ) );
				}
			},
			''
		);
	}
}
