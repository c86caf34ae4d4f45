<?php
/**
 * What happens after an update.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Setup;

use Crossdock\Settings\Review;
use Crossdock\Wp\Clock;
use Crossdock\Wp\Home;
use Crossdock\Wp\Options;

/**
 * Brings tables and settings to the version of the code: settings are backed up before, every step runs once, the settings are
 * validated after.
 */
class Migrations {

	/**
	 * The option with the number of the last step that ran.
	 */
	public const STEP = 'crossdock_db_version';

	/**
	 * The option that says who migrates just now.
	 */
	private const LOCK = 'crossdock_migrating';

	/**
	 * Seconds after which a migration that did not end is begun again.
	 */
	private const PATIENCE = 300;

	/**
	 * WordPress' options.
	 *
	 * @var Options
	 */
	private Options $options;

	/**
	 * Tables, options, capability.
	 *
	 * @var Preparation
	 */
	private Preparation $preparation;

	/**
	 * Backups of the settings.
	 *
	 * @var Backups
	 */
	private Backups $backups;

	/**
	 * What validates the settings.
	 *
	 * @var Review
	 */
	private Review $review;

	/**
	 * The version of the code.
	 *
	 * @var Home
	 */
	private Home $home;

	/**
	 * The time.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Takes what it works with.
	 *
	 * @param Options     $options     WordPress' options.
	 * @param Preparation $preparation Tables, options, capability.
	 * @param Backups     $backups     Backups of the settings.
	 * @param Review      $review      What validates the settings.
	 * @param Home        $home        The version of the code.
	 * @param Clock       $clock       The time.
	 */
	public function __construct( Options $options, Preparation $preparation, Backups $backups, Review $review, Home $home, Clock $clock ) {
		$this->options     = $options;
		$this->preparation = $preparation;
		$this->backups     = $backups;
		$this->review      = $review;
		$this->home        = $home;
		$this->clock       = $clock;
	}

	/**
	 * Migrates now, unless another request does.
	 *
	 * @return bool Whether all is at the version of the code.
	 */
	public function run(): bool {
		$now = (int) $this->clock->now();
		if ( ! $this->options->add( self::LOCK, $now ) ) {
			if ( $now - (int) $this->options->fresh( self::LOCK, 0 ) < self::PATIENCE ) {
				return false;
			}
			$this->options->set( self::LOCK, $now );
		}
		$before = (string) $this->options->fresh( Upkeep::VERSION, '' );
		if ( '' !== $before && $before !== $this->home->version() ) {
			$this->backups->make( 'update', $before );
		}
		$done = $this->preparation->run() && $this->steps_run();
		if ( $done ) {
			$this->review->run();
			$this->options->set( Upkeep::VERSION, $this->home->version(), true );
			$this->options->drop( self::LOCK );
		}
		return $done;
	}

	/**
	 * Returns the steps: number => what it does; it returns false when it could not. A step may run again after it was broken off.
	 *
	 * @return array<int, callable(): bool>
	 */
	protected function steps(): array {
		return array(
			1 => static function (): bool {
				// The tables themselves: `Preparation` made them.
				return true;
			},
		);
	}

	/**
	 * Runs the steps that did not run yet, noting each.
	 *
	 * @return bool False when one failed; it is tried again after PATIENCE.
	 */
	private function steps_run(): bool {
		$at = (int) $this->options->fresh( self::STEP, 0 );
		foreach ( $this->steps() as $number => $step ) {
			if ( $number <= $at ) {
				continue;
			}
			if ( ! $step() ) {
				return false;
			}
			$this->options->set( self::STEP, $number, true );
		}
		return true;
	}
}
