<?php
/**
 * What the forms of the queue do.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Container;
use Crossdock\Monitor\Condition;
use Crossdock\Outbox\Brake;
use Crossdock\Outbox\Hands;
use Crossdock\Outbox\Runner;

/**
 * Carries out pause, resume, run now, and what is done with rows; says what was done and goes back.
 */
final class QueueForms {

	/**
	 * How sending goes.
	 *
	 * @var Condition
	 */
	private Condition $condition;

	/**
	 * What people do with rows.
	 *
	 * @var Hands
	 */
	private Hands $hands;

	/**
	 * Builds what sends, when it is asked to run now.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Notes what it needs.
	 *
	 * @param Condition $condition How sending goes.
	 * @param Hands     $hands     What people do with rows.
	 * @param Container $container Builds what sends.
	 */
	public function __construct( Condition $condition, Hands $hands, Container $container ) {
		$this->condition = $condition;
		$this->hands     = $hands;
		$this->container = $container;
	}

	/**
	 * Returns what can be done with rows.
	 *
	 * @return array<string, string> Value => words.
	 */
	public static function words(): array {
		return array(
			'retry'      => __( 'Send now', 'crossdock' ),
			'priority-1' => __( 'Priority: at once', 'crossdock' ),
			'priority-2' => __( 'Priority: standard', 'crossdock' ),
			'priority-3' => __( 'Priority: bulk', 'crossdock' ),
			'discard'    => __( 'Discard for good', 'crossdock' ),
		);
	}

	/**
	 * Carries out what a form sent; returns when none was.
	 *
	 * @param string                $back   Where to go afterwards.
	 * @param array<string, string> $filter The list's filter.
	 * @return void
	 */
	public function carry_out( string $back, array $filter ): void {
		$pause = Form::sent( 'queue-pause' );
		if ( null !== $pause ) {
			$this->container->get( Brake::class )->pause( 'by-hand', self::text( $pause, 'reason' ), get_current_user_id() );
			Flash::go( 'success', __( 'Sending is paused. What happens meanwhile is kept and sent when you resume.', 'crossdock' ), $back );
		}
		if ( null !== Form::sent( 'queue-resume' ) ) {
			$this->container->get( Brake::class )->resume();
			Flash::go( 'success', __( 'Sending goes on.', 'crossdock' ), $back );
		}
		if ( null !== Form::sent( 'queue-run' ) ) {
			$this->run( $back );
		}
		$rows = Form::sent( 'queue-rows' );
		if ( null !== $rows ) {
			$this->rows( $rows, $back, $filter );
		}
	}

	/**
	 * Sends once, now.
	 *
	 * @param string $back Where to go afterwards.
	 * @return void
	 */
	private function run( string $back ): void {
		if ( $this->condition->paused() ) {
			Flash::go( 'warning', __( 'Sending is paused; resume it first.', 'crossdock' ), $back );
		}
		$report = $this->container->get( Runner::class )->run( 0.0, 0.0, 0, true );
		/* translators: 1: number of changes the hub took, 2: number it refused, 3: number that wait for another attempt. */
		$words = sprintf( __( 'The hub took %1$s, refused %2$s; %3$s wait for another attempt.', 'crossdock' ), number_format_i18n( $report->sent ), number_format_i18n( $report->refused ), number_format_i18n( $report->failed ) );
		Flash::go( '' === $report->trouble ? 'success' : 'warning', trim( $words . ' ' . $report->trouble ), $back );
	}

	/**
	 * Does something with rows.
	 *
	 * @param array<string, mixed>  $sent   What the form sent.
	 * @param string                $back   Where to go afterwards.
	 * @param array<string, string> $filter The list's filter.
	 * @return void
	 */
	private function rows( array $sent, string $back, array $filter ): void {
		$what  = self::text( $sent, 'do' );
		$ids   = isset( $sent['ids'] ) && is_array( $sent['ids'] ) ? array_map( 'absint', array_filter( $sent['ids'], 'is_scalar' ) ) : array();
		$which = array( 'ids' => $ids );
		if ( preg_match( '/^retry:(\d{1,18})$/D', self::text( $sent, 'one' ), $one ) ) {
			$what  = 'retry';
			$which = array( 'ids' => array( (int) $one[1] ) );
		} elseif ( '1' === self::text( $sent, 'all' ) ) {
			$which = $filter;
		} elseif ( array() === array_filter( $ids ) ) {
			Flash::go( 'warning', __( 'Choose the rows first.', 'crossdock' ), $back );
		}
		$reason = self::text( $sent, 'reason' );
		if ( 'discard' === $what && '' === $reason ) {
			Flash::go( 'error', __( 'Nothing was discarded: give the reason. It is kept in the log.', 'crossdock' ), $back );
		}
		Flash::go( 'success', $this->done( $what, $which, $reason ), $back );
	}

	/**
	 * Does it and says what was done.
	 *
	 * @param string       $what   One of `words`.
	 * @param array<mixed> $which  `ids`, or a filter.
	 * @param string       $reason Why they are discarded.
	 * @return string
	 */
	private function done( string $what, array $which, string $reason ): string {
		if ( 'discard' === $what ) {
			$n = $this->hands->discard( $which, $reason, get_current_user_id() );
			/* translators: %s: number of rows. */
			return sprintf( _n( '%s row was discarded.', '%s rows were discarded.', $n, 'crossdock' ), number_format_i18n( $n ) );
		}
		if ( 0 === strpos( $what, 'priority-' ) ) {
			$n = $this->hands->reprioritise( $which, (int) substr( $what, 9 ) );
			/* translators: %s: number of rows. */
			return sprintf( _n( 'The priority of %s row was changed.', 'The priority of %s rows was changed.', $n, 'crossdock' ), number_format_i18n( $n ) );
		}
		$n = $this->hands->retry( $which );
		/* translators: %s: number of rows. */
		return sprintf( _n( '%s row goes with the next run.', '%s rows go with the next run.', $n, 'crossdock' ), number_format_i18n( $n ) );
	}

	/**
	 * Returns a text of a form.
	 *
	 * @param array<string, mixed> $sent What the form sent.
	 * @param string               $name Its name.
	 * @return string
	 */
	private static function text( array $sent, string $name ): string {
		return isset( $sent[ $name ] ) && is_string( $sent[ $name ] ) ? sanitize_text_field( $sent[ $name ] ) : '';
	}
}
