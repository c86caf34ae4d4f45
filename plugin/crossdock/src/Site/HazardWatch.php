<?php
/**
 * The daily look for hazards.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Site;

use Crossdock\Container;
use Crossdock\Wp\Clock;

/**
 * Lets `Hazards` search once a day in the background.
 */
final class HazardWatch {

	/**
	 * The daily event.
	 */
	public const EVENT = 'crossdock_hazards_daily';

	/**
	 * Builds the search when it is wanted.
	 *
	 * @var Container
	 */
	private Container $container;

	/**
	 * Takes what builds the search.
	 *
	 * @param Container $container Builds the search when it is wanted.
	 */
	public function __construct( Container $container ) {
		$this->container = $container;
	}

	/**
	 * Searches now.
	 *
	 * @return void
	 */
	public function search(): void {
		$this->container->get( Hazards::class )->search();
	}

	/**
	 * Plans the daily search.
	 *
	 * @return void
	 */
	public function plan(): void {
		if ( ! wp_next_scheduled( self::EVENT ) ) {
			wp_schedule_event( (int) $this->container->get( Clock::class )->now() + HOUR_IN_SECONDS, 'daily', self::EVENT );
		}
	}
}
