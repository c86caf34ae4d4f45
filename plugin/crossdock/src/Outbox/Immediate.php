<?php
/**
 * Sending at once.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Container;
use Crossdock\Monitor\Condition;
use Crossdock\Monitor\Log;
use Crossdock\Settings\Settings;
use Crossdock\Wp\Clock;

/**
 * At the end of a request: writes what waited for it, and, when so set, sends what the request wrote after its answer has left.
 * Where PHP cannot let the answer go first, nothing is sent here: no visitor ever waits for the hub.
 */
class Immediate {

	/**
	 * Seconds of such a run at most.
	 */
	private const SECONDS = 5.0;

	/**
	 * Seconds of its one request at most.
	 */
	private const TIMEOUT_S = 4.0;

	/**
	 * Builds what runs, only when it runs.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * The settings.
	 *
	 * @var Settings
	 */
	private Settings $settings;

	/**
	 * Where it is written.
	 *
	 * @var Outbox
	 */
	private Outbox $outbox;

	/**
	 * Takes what it works with, each as its property says.
	 */
	public function __construct( Container $container, Settings $settings, Outbox $outbox ) {
		$this->container = $container;
		$this->settings  = $settings;
		$this->outbox    = $outbox;
	}

	/**
	 * Ends the request's work for the outbox.
	 *
	 * @return void
	 */
	public function end(): void {
		try {
			$this->outbox->flush();
			if ( $this->outbox->used() && $this->settings->on( 'immediate' ) && self::possible() && ! $this->in_background() ) {
				self::answer_first();
				ignore_user_abort( true );
				if ( $this->worth_it() ) {
					$this->outbox->let_go();
					$this->container->get( Runner::class )->run( self::SECONDS, self::TIMEOUT_S );
				}
			}
		} catch ( \Throwable $thrown ) {
			$this->container->get( Log::class )->error( 'run-failed', get_class( $thrown ) . ': ' . $thrown->getMessage(), array( 'source' => 'immediate' ) );
		}
	}

	/**
	 * Tells whether this PHP can let the answer go before the request ends.
	 *
	 * @return bool
	 */
	public static function possible(): bool {
		return function_exists( 'fastcgi_finish_request' ) || function_exists( 'litespeed_finish_request' );
	}

	/**
	 * Tells whether nobody waits for this request, and the timetable takes care of what it wrote.
	 *
	 * @return bool
	 */
	private function in_background(): bool {
		return wp_doing_cron() || ( defined( 'WP_CLI' ) && WP_CLI ) || 'cli' === PHP_SAPI;
	}

	/**
	 * Tells whether trying makes sense: not paused, not waiting after a failure.
	 *
	 * @return bool
	 */
	private function worth_it(): bool {
		$all = $this->container->get( Condition::class )->all();
		return ! isset( $all['paused'] ) && Brake::until( $all ) <= $this->container->get( Clock::class )->now();
	}

	/**
	 * Lets the answer go.
	 *
	 * @return void
	 */
	private static function answer_first(): void {
		if ( PHP_SESSION_ACTIVE === session_status() ) {
			session_write_close();
		}
		if ( function_exists( 'fastcgi_finish_request' ) ) {
			fastcgi_finish_request();
		} else {
			litespeed_finish_request();
		}
	}
}
