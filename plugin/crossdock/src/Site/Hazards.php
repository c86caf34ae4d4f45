<?php
/**
 * What around the plugin may get in its way.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Site;

use Crossdock\Wp\Clock;
use Crossdock\Wp\Options;

/**
 * Looks for known hazards (docs/conflicts.md): by trying where that can be done, by name else. The search takes seconds, so it runs
 * by hand, daily in the background, and its result is kept.
 */
class Hazards {

	/**
	 * The option with what was found last.
	 */
	public const OPTION = 'crossdock_hazards';

	/**
	 * The way into this site.
	 *
	 * @var Probe
	 */
	private Probe $probe;

	/**
	 * What is tried without a request.
	 *
	 * @var Inspection
	 */
	private Inspection $inspection;

	/**
	 * Plugins known by name.
	 *
	 * @var Known
	 */
	private Known $known;

	/**
	 * WordPress' options.
	 *
	 * @var Options
	 */
	private Options $options;

	/**
	 * The time.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Takes what it works with.
	 *
	 * @param Probe      $probe      The way into this site.
	 * @param Inspection $inspection What is tried without a request.
	 * @param Known      $known      Plugins known by name.
	 * @param Options    $options    WordPress' options.
	 * @param Clock      $clock      The time.
	 */
	public function __construct( Probe $probe, Inspection $inspection, Known $known, Options $options, Clock $clock ) {
		$this->probe      = $probe;
		$this->inspection = $inspection;
		$this->known      = $known;
		$this->options    = $options;
		$this->clock      = $clock;
	}

	/**
	 * Searches now and keeps what was found.
	 *
	 * @return array<int, array<string, string>> Hazards: code, found (`behaviour` or `name`), weight (`error`, `warning`, `info`), title, remedy, said.
	 */
	public function search(): array {
		$found = array_merge( $this->way_in(), $this->inspection->found(), $this->known->found() );
		$kept  = array_map(
			static function ( array $one ): array {
				return array_intersect_key( $one, array( 'code' => 1, 'found' => 1, 'weight' => 1, 'said' => 1 ) );
			},
			$found
		);
		$this->options->set( self::OPTION, array( 'at' => (int) $this->clock->now(), 'found' => $kept ), false );
		return $found;
	}

	/**
	 * Returns what was found last, in the present language.
	 *
	 * @return array<int, array<string, string>> As `search`.
	 */
	public function last(): array {
		$kept = $this->options->get( self::OPTION, array() );
		$all  = array();
		foreach ( is_array( $kept ) ? (array) ( $kept['found'] ?? array() ) : array() as $one ) {
			$all[] = HazardWords::with( (array) $one );
		}
		return $all;
	}

	/**
	 * Returns when was searched last.
	 *
	 * @return float Seconds since 1970; 0.0 for never.
	 */
	public function at(): float {
		$kept = $this->options->get( self::OPTION, array() );
		return is_array( $kept ) ? (float) ( $kept['at'] ?? 0 ) : 0.0;
	}

	/**
	 * Tries the way into this site.
	 *
	 * @return array<int, array<string, string>>
	 */
	private function way_in(): array {
		$found = $this->probe->run();
		if ( '' === $found['code'] ) {
			return array();
		}
		$light = array( 'unreachable', 'cache-lost' );
		return array( HazardWords::with( array( 'code' => $found['code'], 'found' => 'behaviour', 'weight' => in_array( $found['code'], $light, true ) ? 'warning' : 'error', 'said' => $found['said'] ) ) );
	}
}
