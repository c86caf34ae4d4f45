<?php
/**
 * Whether anything may be sent now.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Hub\Answer;
use Crossdock\Hub\Credentials;
use Crossdock\Monitor\Alert;
use Crossdock\Monitor\Condition;
use Crossdock\Monitor\Threshold;
use Crossdock\Site\Copies;
use Crossdock\Wp\Clock;

/**
 * Pausing and resuming, and what the hub's answers mean for all rows: waiting after a failure, pausing after too many.
 */
class Brake {

	/**
	 * Answers after which nothing can succeed until somebody does something.
	 */
	private const HOPELESS = array( 'unknown-key', 'revoked-key', 'another-site' );

	/**
	 * Seconds of patience when the hub asks for it without saying how long.
	 */
	private const PATIENCE_S = 60.0;

	private Condition $condition;
	private Threshold $threshold;
	private Alert $alert;
	private Credentials $credentials;
	private Copies $copies;
	private Backoff $backoff;
	private Clock $clock;

	/**
	 * Takes how sending goes, what counts failures, who tells people, the key, what knows copies, the waits, the time.
	 */
	public function __construct( Condition $condition, Threshold $threshold, Alert $alert, Credentials $credentials, Copies $copies, Backoff $backoff, Clock $clock ) {
		$this->condition   = $condition;
		$this->threshold   = $threshold;
		$this->alert       = $alert;
		$this->credentials = $credentials;
		$this->copies      = $copies;
		$this->backoff     = $backoff;
		$this->clock       = $clock;
	}

	/**
	 * Says why nothing may be sent now.
	 *
	 * @return string Empty when it may; else `paused`, `waiting` (see `until`), `copied-site`, `unpaired`, `salts-changed` …
	 */
	public function reason(): string {
		$all = $this->condition->all();
		if ( isset( $all['paused'] ) ) {
			return 'paused';
		}
		$trouble = $this->credentials->trouble();
		if ( '' !== $trouble ) {
			return $trouble;
		}
		if ( '' !== $this->copies->reason() ) {
			return 'copied-site';
		}
		return self::until( $all ) > $this->clock->now() ? 'waiting' : '';
	}

	/**
	 * Returns until when the hub is left alone: after a failure (which a person's resuming forgives) or because it asked for it.
	 *
	 * @param array<string, mixed> $all How sending goes.
	 * @return float Seconds since 1970; 0.0 when it is not.
	 */
	public static function until( array $all ): float {
		$after_failure = empty( $all['failures'] ) ? 0.0 : (float) ( $all['not_before'] ?? 0 );
		return max( $after_failure, (float) ( $all['patience'] ?? 0 ) );
	}

	/**
	 * Stops the sending until somebody resumes it.
	 *
	 * @param string $code   Why, as a code: `by-hand` …
	 * @param string $reason Why, in plain words.
	 * @param int    $by     A person's id, 0 for the plugin itself, -1 for the hub.
	 * @return void
	 */
	public function pause( string $code, string $reason, int $by ): void {
		if ( $this->condition->pause( $code, $reason, $by ) ) {
			$this->tell_paused( $code, $reason );
		}
	}

	/**
	 * Lets the sending go on at once, with a clean slate.
	 *
	 * @return bool Whether it was paused.
	 */
	public function resume(): bool {
		$was = $this->condition->resume();
		$this->condition->note( array( 'not_before' => null, 'patience' => null ) );
		/**
		 * The sending goes on.
		 */
		do_action( 'crossdock_resumed' );
		return $was;
	}

	/**
	 * The hub took a request.
	 *
	 * @return void
	 */
	public function succeeded(): void {
		$this->threshold->succeeded();
	}

	/**
	 * The hub did not take a request.
	 *
	 * @param Answer $answer What it said.
	 * @return float When it may be asked again, seconds since 1970.
	 */
	public function failed( Answer $answer ): float {
		$now = $this->clock->now();
		if ( 429 === $answer->status ) {
			$until = $now + $this->asked( $answer, self::PATIENCE_S );
			$this->condition->note( array( 'patience' => $until ) );
			return $until;
		}
		$was    = $this->condition->paused();
		$paused = $this->threshold->failed( $answer->code(), $answer->detail() );
		$count  = (int) $this->condition->get( 'failures', 1 );
		$until  = $now + $this->asked( $answer, $this->backoff->outage( $count ) );
		$this->condition->note( array( 'not_before' => $until ) );
		if ( ! $paused && in_array( $answer->code(), self::HOPELESS, true ) && $this->condition->pause( $answer->code(), $answer->detail(), 0 ) ) {
			$this->alert->paused( $count, $answer->code(), $answer->detail() );
			$paused = true;
		}
		if ( $paused && ! $was ) {
			$this->tell_paused( $answer->code(), $answer->detail() );
		}
		return $until;
	}

	/**
	 * Tells other plugins.
	 *
	 * @param string $code   Why, as a code.
	 * @param string $reason Why, in plain words.
	 * @return void
	 */
	private function tell_paused( string $code, string $reason ): void {
		/**
		 * The sending was paused.
		 *
		 * @param string $reason Why, in plain words.
		 * @param string $code   Why, as a code.
		 */
		do_action( 'crossdock_paused', $reason, $code );
	}

	/**
	 * Returns how long the hub asked to be left alone, a day at most.
	 *
	 * @param Answer $answer What it said.
	 * @param float  $else   Seconds when it did not say.
	 * @return float
	 */
	private function asked( Answer $answer, float $else ): float {
		return null === $answer->retry_after ? $else : min( 86400.0, max( 1.0, $answer->retry_after ) );
	}
}
