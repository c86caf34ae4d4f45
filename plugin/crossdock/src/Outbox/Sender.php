<?php
/**
 * What carries the outbox to the hub.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Hub\Client;
use Crossdock\Setup\Activation;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Home;
use Crossdock\Wp\Json;
use Crossdock\Wp\Options;

/**
 * Sends batch after batch until nothing is due, the budget is used up or the hub wants a rest.
 */
class Sender {

	/**
	 * Answers that mean the request itself was not understood: its parts are tried by themselves.
	 */
	private const NOT_UNDERSTOOD = array( 400, 413, 415, 422 );

	private Queue $queue;
	private Composer $composer;
	private Guard $guard;
	private Verdict $verdict;
	private Settlement $settlement;
	private Brake $brake;
	private Pace $pace;
	private Client $client;
	private Clock $clock;
	private Home $home;
	private Options $options;

	/**
	 * Takes how rows leave and become items, what guards them, what results mean, what settles, the brake, the pace, the way to the hub, the time,
	 * the plugin's version, the site's options.
	 */
	public function __construct( Queue $queue, Composer $composer, Guard $guard, Verdict $verdict, Settlement $settlement, Brake $brake, Pace $pace, Client $client, Clock $clock, Home $home, Options $options ) {
		$this->queue      = $queue;
		$this->composer   = $composer;
		$this->guard      = $guard;
		$this->verdict    = $verdict;
		$this->settlement = $settlement;
		$this->brake      = $brake;
		$this->pace       = $pace;
		$this->client     = $client;
		$this->clock      = $clock;
		$this->home       = $home;
		$this->options    = $options;
	}

	/**
	 * Sends what is due.
	 *
	 * @param Budget $budget   What the run may use.
	 * @param int    $priority The least urgent priority that may go now (1 to 3).
	 * @param int    $most     Rows at most; 0 for no bound.
	 * @return Report
	 */
	public function run( Budget $budget, int $priority, int $most = 0 ): Report {
		$report = new Report();
		while ( '' === $report->stopped ) {
			$report->stopped = $this->brake->reason();
			if ( '' === $report->stopped ) {
				$report->stopped = $budget->spent();
			}
			$pace = $this->pace->now();
			if ( '' === $report->stopped && $report->requests > 0 && $pace['rest_s'] > 0 ) {
				$report->stopped = $this->rest( $pace['rest_s'], $budget );
			}
			$left = $most > 0 ? $most - $report->rows() : $pace['items'];
			if ( $left <= 0 ) {
				$report->stopped = 'enough';
			}
			if ( '' !== $report->stopped ) {
				break;
			}
			$taken = $this->queue->take( min( $pace['items'], $left ), $priority );
			if ( array() === $taken->rows ) {
				$report->stopped = 'empty';
				break;
			}
			$this->tell( $taken, $pace['bytes'], $budget, $report );
		}
		return $report;
	}

	/**
	 * Tells what was taken.
	 *
	 * @param Taken  $taken  The rows.
	 * @param int    $bytes  Bytes of a request at most.
	 * @param Budget $budget What the run may use.
	 * @param Report $report What was done so far.
	 * @return void
	 */
	private function tell( Taken $taken, int $bytes, Budget $budget, Report $report ): void {
		$this->guard->watch( $taken );
		$began = $this->clock->monotonic();
		$all   = count( $taken->rows );
		$batch = $this->composer->batch( $taken, $bytes, $budget );
		$spent = $this->clock->monotonic() - $began;
		$rest  = array_diff( array_keys( $taken->rows ), $batch->rows() );
		$this->settlement->back( $taken, array_values( $rest ), $this->clock->now() );
		$taken->rows      = array_intersect_key( $taken->rows, $batch->items );
		$report->settled += $all - count( $taken->rows ) - count( $rest );
		$this->queue->hold( $taken );
		foreach ( array_diff( $batch->rows(), array_keys( $taken->rows ) ) as $lost ) {
			unset( $batch->items[ $lost ], $batch->ids[ $lost ] );
		}
		if ( array() !== $batch->items ) {
			$this->post( $taken, $batch, $budget, $report, $spent );
		}
		$this->guard->over();
	}

	/**
	 * Sends a batch and settles its rows; a batch that is not understood is halved until the one that is at fault stands alone.
	 *
	 * @param Taken  $taken  The rows.
	 * @param Batch  $batch  The items.
	 * @param Budget $budget What the run may use.
	 * @param Report $report What was done so far.
	 * @param float  $spent  Seconds that reading the documents took.
	 * @return void
	 */
	private function post( Taken $taken, Batch $batch, Budget $budget, Report $report, float $spent ): void {
		$answer = $this->client->post( '/batch', $batch->body( $this->site() ), $budget->timeout_s );
		$this->pace->learn( $answer, count( $batch->items ), $spent );
		++$report->requests;
		if ( $answer->ok() ) {
			$this->brake->succeeded();
			$report->add( $this->verdict->settle( $taken, $batch, $answer ) );
			return;
		}
		$report->trouble = $answer->detail();
		if ( ! in_array( $answer->status, self::NOT_UNDERSTOOD, true ) ) {
			$until = $this->brake->failed( $answer );
			$this->settlement->back( $taken, $batch->rows(), $until, $answer->code(), $answer->detail() );
			$report->add( array( 'sent' => 0, 'refused' => 0, 'failed' => count( $batch->items ) ) );
			return;
		}
		if ( 1 === count( $batch->items ) ) {
			$this->settlement->dead( $taken, $batch->rows()[0], $answer->code(), Verdict::words( (array) $answer->problem ) );
			$report->add( array( 'sent' => 0, 'refused' => 1, 'failed' => 0 ) );
			return;
		}
		foreach ( $batch->halves() as $half ) {
			if ( '' === $this->brake->reason() ) {
				$this->post( $taken, $half, $budget, $report, 0.0 );
			} else {
				$this->settlement->back( $taken, $half->rows(), $this->clock->now(), $answer->code(), $answer->detail() );
			}
		}
	}

	/**
	 * Rests for a short time; a longer rest ends the run.
	 *
	 * @param float  $seconds Seconds.
	 * @param Budget $budget  What the run may use.
	 * @return string Why the run ends; empty when it goes on.
	 */
	private function rest( float $seconds, Budget $budget ): string {
		if ( $seconds > 2.0 || $seconds > $budget->left() ) {
			return 'rate-limit';
		}
		usleep( (int) ( $seconds * 1000000 ) );
		return '';
	}

	/**
	 * Returns the part `site` of a request.
	 *
	 * @return string JSON.
	 */
	private function site(): string {
		return Json::encode(
			array(
				'instance' => (string) $this->options->get( Activation::INSTANCE, '' ),
				'url'      => home_url(),
				'plugin'   => $this->home->version(),
			)
		);
	}
}
