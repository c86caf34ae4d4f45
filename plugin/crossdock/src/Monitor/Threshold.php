<?php
/**
 * When failing has to stop.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Monitor;

use Crossdock\Settings\Settings;
use Crossdock\Wp\Clock;

/**
 * Counts the requests to the hub that failed in a row. At the setting's threshold sending is paused, a notice stands in
 * the admin, one mail is sent, and a person resumes it. What waits is kept.
 */
class Threshold {

	/**
	 * How sending goes.
	 *
	 * @var Condition
	 */
	private Condition $condition;

	/**
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * The log.
	 *
	 * @var Log
	 */
	private Log $log;

	/**
	 * Who is told.
	 *
	 * @var Alert
	 */
	private Alert $alert;

	/**
	 * The clock.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Notes what it needs.
	 *
	 * @param Condition $condition How sending goes.
	 * @param Settings  $settings  The settings.
	 * @param Log       $log       The log.
	 * @param Alert     $alert     Who is told.
	 * @param Clock     $clock     The clock.
	 */
	public function __construct( Condition $condition, Settings $settings, Log $log, Alert $alert, Clock $clock ) {
		$this->condition = $condition;
		$this->settings  = $settings;
		$this->log       = $log;
		$this->alert     = $alert;
		$this->clock     = $clock;
	}

	/**
	 * Notes that the hub took a batch: the count begins anew.
	 *
	 * @return void
	 */
	public function succeeded(): void {
		$this->condition->note(
			array(
				'failures'     => null,
				'last_success' => $this->clock->now(),
			)
		);
	}

	/**
	 * Notes that a whole request failed. A hub that asks for patience (429) is no failure; do not tell it here.
	 *
	 * @param string $code   The cause (`unreachable`, `bad-signature`, `http-500` …).
	 * @param string $detail Plain words.
	 * @return bool Whether sending is paused now.
	 */
	public function failed( string $code, string $detail ): bool {
		$failures = (int) $this->condition->get( 'failures', 0 ) + 1;
		$this->condition->note(
			array(
				'failures'     => $failures,
				'last_failure' => array(
					'code'   => $code,
					'detail' => Redaction::text( $detail ),
					'at'     => $this->clock->now(),
				),
			)
		);
		$this->log->error( $code, $detail, array( 'count' => $failures, 'source' => 'sender' ) );
		if ( $failures < $this->settings->number( 'failure_threshold' ) || ! $this->condition->pause( 'failures', Redaction::text( $detail ), 0 ) ) {
			return $this->condition->paused();
		}
		$this->log->error( 'sending-paused', 'Sending was paused after failures in a row; a person has to resume it.', array( 'count' => $failures, 'code' => $code ) );
		$this->alert->paused( $failures, $code, Redaction::text( $detail ) );
		return true;
	}
}
