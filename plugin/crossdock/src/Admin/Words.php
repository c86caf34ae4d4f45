<?php
/**
 * Words for times, kinds and numbers.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Wp\Moment;

/**
 * Writes times as people say them, the exact one beside it; and the kinds of what is sent.
 */
final class Words {

	/**
	 * From so many seconds on a run that is due counts as late: WP-Cron waits for a visitor, and looks once a minute.
	 */
	private const LATE_S = 300;

	/**
	 * Prints a moment as its distance from now, with the exact time of the site's zone in the title.
	 *
	 * @param float $at  Seconds since 1970; 0.0 prints a dash.
	 * @param float $now Seconds since 1970.
	 * @return void
	 */
	public static function time( float $at, float $now ): void {
		if ( $at <= 0.0 ) {
			echo '<span aria-hidden="true">–</span><span class="screen-reader-text">' . esc_html__( 'never', 'crossdock' ) . '</span>';
			return;
		}
		echo '<time datetime="' . esc_attr( gmdate( 'Y-m-d\TH:i:s\Z', (int) $at ) ) . '" title="' . esc_attr( self::exact( $at ) ) . '">';
		echo esc_html( self::distance( $at, $now ) ) . '</time>';
	}

	/**
	 * Prints when sending runs next; a run that should have been is told with what to look at.
	 *
	 * @param float $at  Seconds since 1970; 0.0 prints a dash.
	 * @param float $now Seconds since 1970.
	 * @return void
	 */
	public static function run( float $at, float $now ): void {
		if ( $at <= 0.0 || $now - $at < self::LATE_S ) {
			self::time( max( $at, $at > 0.0 ? $now : 0.0 ), $now );
			return;
		}
		/* translators: %s: a span of time, such as "10 minutes". */
		State::show( 'dead', sprintf( __( 'late by %s', 'crossdock' ), human_time_diff( (int) $at, (int) $now ) ) );
		echo ' ' . esc_html__( 'WP-Cron does not run: see Tools > Site Health.', 'crossdock' );
	}

	/**
	 * Prints a moment given as text.
	 *
	 * @param string|null $text What `Moment` reads.
	 * @param float       $now  Seconds since 1970.
	 * @return void
	 */
	public static function moment( ?string $text, float $now ): void {
		self::time( Moment::read( (string) $text ), $now );
	}

	/**
	 * Returns the distance of a moment from now in words.
	 *
	 * @param float $at  Seconds since 1970.
	 * @param float $now Seconds since 1970.
	 * @return string
	 */
	public static function distance( float $at, float $now ): string {
		$far = human_time_diff( (int) $at, (int) $now );
		if ( $at > $now + 1 ) {
			/* translators: %s: a span of time, e.g. "5 minutes". */
			return sprintf( __( 'in %s', 'crossdock' ), $far );
		}
		/* translators: %s: a span of time, e.g. "5 minutes". */
		return sprintf( __( '%s ago', 'crossdock' ), $far );
	}

	/**
	 * Returns a moment exactly, in the site's zone and format.
	 *
	 * @param float $at Seconds since 1970.
	 * @return string
	 */
	public static function exact( float $at ): string {
		$format = get_option( 'date_format' ) . ' ' . get_option( 'time_format' );
		return (string) wp_date( $format, (int) $at );
	}

	/**
	 * Returns a span of seconds in words.
	 *
	 * @param float $seconds How long.
	 * @return string
	 */
	public static function span( float $seconds ): string {
		if ( $seconds < 1 ) {
			return __( 'less than a second', 'crossdock' );
		}
		if ( $seconds < 60 ) {
			/* translators: %s: a number of seconds. */
			return sprintf( _n( '%s second', '%s seconds', (int) $seconds, 'crossdock' ), number_format_i18n( (int) $seconds ) );
		}
		return human_time_diff( 0, (int) $seconds );
	}

	/**
	 * Returns the translated word for a kind of what is sent.
	 *
	 * @param string $kind order, customer, product, refund or event.
	 * @return string
	 */
	public static function kind( string $kind ): string {
		$words = array(
			'order'    => __( 'Order', 'crossdock' ),
			'customer' => __( 'Customer', 'crossdock' ),
			'product'  => __( 'Product', 'crossdock' ),
			'refund'   => __( 'Refund', 'crossdock' ),
			'event'    => __( 'Event', 'crossdock' ),
			'test'     => __( 'Test', 'crossdock' ),
		);
		return $words[ $kind ] ?? $kind;
	}
}
