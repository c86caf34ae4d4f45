<?php
/**
 * The summary of the queue.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Monitor\Condition;
use Crossdock\Monitor\NextRun;
use Crossdock\Monitor\Queue;
use Crossdock\Outbox\Pace;
use Crossdock\Wp\Clock;

/**
 * Prints counts by state and kind, the oldest age, the next run, the present pace and why, and the buttons.
 */
final class QueueSummary {

	/**
	 * What lies in the outbox.
	 *
	 * @var Queue
	 */
	private Queue $queue;

	/**
	 * How sending goes.
	 *
	 * @var Condition
	 */
	private Condition $condition;

	/**
	 * When sending runs next.
	 *
	 * @var NextRun
	 */
	private NextRun $next;

	/**
	 * How fast it goes.
	 *
	 * @var Pace
	 */
	private Pace $pace;

	/**
	 * The clock.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Notes what it needs.
	 *
	 * @param Queue     $queue     What lies in the outbox.
	 * @param Condition $condition How sending goes.
	 * @param NextRun   $next      When sending runs next.
	 * @param Pace      $pace      How fast it goes.
	 * @param Clock     $clock     The clock.
	 */
	public function __construct( Queue $queue, Condition $condition, NextRun $next, Pace $pace, Clock $clock ) {
		$this->queue     = $queue;
		$this->condition = $condition;
		$this->next      = $next;
		$this->pace      = $pace;
		$this->clock     = $clock;
	}

	/**
	 * Prints the summary.
	 *
	 * @return void
	 */
	public function show(): void {
		$this->buttons();
		echo '<div class="crossdock-columns"><section aria-labelledby="crossdock-counts"><h2 id="crossdock-counts">' . esc_html__( 'By state and kind', 'crossdock' ) . '</h2>';
		$this->counts();
		echo '</section><section aria-labelledby="crossdock-pace"><h2 id="crossdock-pace">' . esc_html__( 'How it is sent', 'crossdock' ) . '</h2>';
		$this->pace();
		echo '</section></div>';
	}

	/**
	 * Prints the buttons and whether sending is paused.
	 *
	 * @return void
	 */
	private function buttons(): void {
		$pause = $this->condition->pause_reason();
		echo '<div class="crossdock-actions">';
		if ( array() === $pause ) {
			Form::button( 'queue-run', __( 'Run now', 'crossdock' ), array(), 'button button-primary' );
			Form::open( 'queue-pause', array(), 'crossdock-inline' );
			echo '<label class="screen-reader-text" for="crossdock-why">' . esc_html__( 'Why (optional)', 'crossdock' ) . '</label><input type="text" id="crossdock-why" name="reason" maxlength="200" placeholder="' . esc_attr__( 'Why (optional)', 'crossdock' ) . '"> ';
			echo '<button class="button">' . esc_html__( 'Pause sending', 'crossdock' ) . '</button></form>';
		} else {
			State::show( 'paused', Pauses::words( $pause ) );
			echo ' ';
			Form::button( 'queue-resume', __( 'Resume sending', 'crossdock' ), array(), 'button button-primary' );
		}
		echo '</div>';
	}

	/**
	 * Prints the counts.
	 *
	 * @return void
	 */
	private function counts(): void {
		$counts  = $this->queue->table();
		$columns = array( 'state' => __( 'State', 'crossdock' ) );
		foreach ( Queue::KINDS as $kind ) {
			$columns[ $kind ] = Words::kind( $kind );
		}
		$table = new Table( __( 'Rows of the queue by state and kind', 'crossdock' ), $columns, '', false );
		$table->show(
			Queue::STATES,
			static function ( string $state, string $column ) use ( $counts ): void {
				if ( 'state' === $column ) {
					State::show( $state );
				} else {
					echo esc_html( number_format_i18n( $counts[ $state ][ $column ] ) );
				}
			},
			''
		);
	}

	/**
	 * Prints ages, times and the pace.
	 *
	 * @return void
	 */
	private function pace(): void {
		$now    = $this->clock->now();
		$oldest = $this->queue->oldest_s();
		echo '<dl class="crossdock-facts">';
		$this->fact( __( 'Oldest row that waits', 'crossdock' ), 0.0 === $oldest ? __( 'nothing waits', 'crossdock' ) : Words::span( $oldest ) );
		echo '<dt>' . esc_html__( 'Last success', 'crossdock' ) . '</dt><dd>';
		Words::time( (float) $this->condition->get( 'last_success', 0.0 ), $now );
		echo '</dd><dt>' . esc_html__( 'Next run', 'crossdock' ) . '</dt><dd>';
		Words::run( $this->next->at(), $now );
		if ( '' !== $this->next->by() ) {
			echo ' ' . esc_html( 'wp-cron' === $this->next->by() ? __( '(by WP-Cron)', 'crossdock' ) : __( '(by Action Scheduler)', 'crossdock' ) );
		}
		echo '</dd>';
		foreach ( Pauses::pace( $this->pace->now() ) as $label => $words ) {
			$this->fact( $label, $words );
		}
		echo '</dl>';
	}

	/**
	 * Prints a fact.
	 *
	 * @param string $label What it is, translated.
	 * @param string $words How it stands, translated.
	 * @return void
	 */
	private function fact( string $label, string $words ): void {
		echo '<dt>' . esc_html( $label ) . '</dt><dd>' . esc_html( $words ) . '</dd>';
	}
}
