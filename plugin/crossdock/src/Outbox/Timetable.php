<?php
/**
 * When the outbox runs.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Outbox;

use Crossdock\Container;
use Crossdock\Monitor\Log;
use Crossdock\Part;
use Crossdock\Settings\Settings;

/**
 * Sees to it that one recurring action runs the outbox: Action Scheduler's where WooCommerce brings it, in our own group, else
 * WP-Cron's. Pages never wait for it: both run in requests of their own.
 */
class Timetable implements Part {

	/**
	 * The hook of the run.
	 */
	public const HOOK = 'crossdock_run';

	/**
	 * Our group in Action Scheduler.
	 */
	public const GROUP = 'crossdock';

	/**
	 * The name of our interval in WP-Cron.
	 */
	private const INTERVAL = 'crossdock';

	/**
	 * Seconds between two runs when nobody set any.
	 */
	private const EVERY_S = 60;

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
	 * Takes what it works with.
	 *
	 * @param Container $container Builds what runs.
	 * @param Settings  $settings  The settings.
	 */
	public function __construct( Container $container, Settings $settings ) {
		$this->container = $container;
		$this->settings  = $settings;
	}

	/**
	 * Sees to it that the outbox runs, wherever somebody administers the site and its schedule works.
	 *
	 * @return void
	 */
	public function register(): void {
		if ( ! wp_doing_ajax() ) {
			add_action( 'admin_init', array( $this, 'see_to_it' ) );
		}
		if ( wp_doing_cron() ) {
			add_action( 'wp_loaded', array( $this, 'see_to_it' ) );
		}
	}

	/**
	 * Runs the outbox; whatever happens, the recurring action stays alive.
	 *
	 * @return void
	 */
	public function run(): void {
		try {
			$this->container->get( Runner::class )->run();
		} catch ( \Throwable $thrown ) {
			$this->container->get( Log::class )->error( 'run-failed', get_class( $thrown ) . ': ' . $thrown->getMessage(), array( 'source' => 'runner' ) );
		}
	}

	/**
	 * Adds our interval to WP-Cron's.
	 *
	 * @param mixed $intervals WP-Cron's intervals.
	 * @return mixed
	 */
	public function interval( $intervals ) {
		if ( is_array( $intervals ) ) {
			$intervals[ self::INTERVAL ] = array(
				'interval' => $this->every(),
				'display'  => 'Crossdock',
			);
		}
		return $intervals;
	}

	/**
	 * Sees to it that the run is scheduled once, by the better of the two, at the right interval.
	 *
	 * @return void
	 */
	public function see_to_it(): void {
		if ( self::has_action_scheduler() ) {
			if ( wp_next_scheduled( self::HOOK ) ) {
				wp_unschedule_hook( self::HOOK );
			}
			if ( $this->recurrence() !== $this->every() ) {
				as_unschedule_all_actions( self::HOOK, array(), self::GROUP );
				as_schedule_recurring_action( time(), $this->every(), self::HOOK, array(), self::GROUP );
			}
			return;
		}
		$event = wp_get_scheduled_event( self::HOOK );
		if ( false === $event || (int) ( $event->interval ?? 0 ) !== $this->every() ) {
			wp_unschedule_hook( self::HOOK );
			wp_schedule_event( time(), self::INTERVAL, self::HOOK );
		}
	}

	/**
	 * Tells whether Action Scheduler is there and ready.
	 *
	 * @return bool
	 */
	public static function has_action_scheduler(): bool {
		return function_exists( 'as_schedule_recurring_action' ) && function_exists( 'as_has_scheduled_action' ) && did_action( 'action_scheduler_init' ) > 0;
	}

	/**
	 * Returns the seconds between two runs.
	 *
	 * @return int
	 */
	public function every(): int {
		return $this->settings->number( 'run_every', self::EVERY_S );
	}

	/**
	 * Returns the seconds between two runs of the action that is scheduled.
	 *
	 * @return int 0 when none is.
	 */
	private function recurrence(): int {
		if ( ! as_has_scheduled_action( self::HOOK, array(), self::GROUP ) ) {
			return 0;
		}
		$waiting = as_get_scheduled_actions(
			array(
				'hook'     => self::HOOK,
				'group'    => self::GROUP,
				'status'   => \ActionScheduler_Store::STATUS_PENDING,
				'per_page' => 2,
			)
		);
		if ( array() === $waiting ) {
			// The run is under way at this moment; it schedules the next one.
			return $this->every();
		}
		$schedule = reset( $waiting )->get_schedule();
		return 1 === count( $waiting ) && method_exists( $schedule, 'get_recurrence' ) ? (int) $schedule->get_recurrence() : 0;
	}
}
