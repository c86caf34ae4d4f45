<?php
/**
 * One run of the outbox.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Monitor\Condition;
use Crossdock\Settings\Settings;
use Crossdock\Wp\Clock;

/**
 * What happens at each run: rows of killed runners come back, the bulk export goes on, what is due is sent, what is old goes.
 */
class Runner {

	private Lock $lock;
	private Queue $queue;
	private Sender $sender;
	private BulkExport $export;
	private Cleanup $cleanup;
	private Pace $pace;
	private Brake $brake;
	private Settings $settings;
	private Condition $condition;
	private Clock $clock;

	/**
	 * Takes what it works with: the lock, how rows leave, what sends them, the bulk export, the cleanup, the pace, the brake, the
	 * settings, how sending goes, the time.
	 */
	public function __construct( Lock $lock, Queue $queue, Sender $sender, BulkExport $export, Cleanup $cleanup, Pace $pace, Brake $brake, Settings $settings, Condition $condition, Clock $clock ) {
		$this->lock      = $lock;
		$this->queue     = $queue;
		$this->sender    = $sender;
		$this->export    = $export;
		$this->cleanup   = $cleanup;
		$this->pace      = $pace;
		$this->brake     = $brake;
		$this->settings  = $settings;
		$this->condition = $condition;
		$this->clock     = $clock;
	}

	/**
	 * Does one run, as the timetable asks for it.
	 *
	 * @param float $seconds Seconds at most; 0 for what the pace says.
	 * @param float $timeout Seconds of one request at most; 0 for what the pace says.
	 * @param int   $most    Rows at most; 0 for no bound.
	 * @param bool  $now     Whether somebody asked for it by hand: then what is for hours of little traffic goes too.
	 * @return Report
	 */
	public function run( float $seconds = 0.0, float $timeout = 0.0, int $most = 0, bool $now = false ): Report {
		$report = new Report();
		if ( ! $this->lock->take() ) {
			$report->stopped = 'running-already';
			return $report;
		}
		try {
			$pace   = $this->pace->now();
			$budget = new Budget( $this->clock, $seconds > 0 ? $seconds : (float) $pace['seconds'], $pace['memory'], $timeout > 0 ? $timeout : $pace['timeout_s'] );
			$this->queue->bring_back();
			$lowest = $now ? 3 : $this->lowest();
			if ( 3 === $lowest && '' === $this->brake->reason() ) {
				$this->export->step( $budget );
			}
			$report = $this->sender->run( $budget, $lowest, $most );
			$this->cleanup->when_due();
			$this->condition->note(
				array(
					'last_run' => array(
						'at'       => $this->clock->now(),
						'sent'     => $report->sent,
						'refused'  => $report->refused,
						'failed'   => $report->failed,
						'requests' => $report->requests,
						'stopped'  => $report->stopped,
					),
				)
			);
		} finally {
			$this->lock->give();
		}
		return $report;
	}

	/**
	 * Returns the least urgent priority that may go now: in hours of much traffic bulk waits, and standard too when so set.
	 *
	 * @return int
	 */
	private function lowest(): int {
		if ( Window::holds( $this->settings->text( 'low_traffic' ), (string) wp_date( 'H:i' ) ) ) {
			return 3;
		}
		return 'standard' === $this->settings->text( 'low_traffic_for' ) ? 1 : 2;
	}
}
