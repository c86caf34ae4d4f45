<?php
/**
 * Who may use the probe.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Site;

use Crossdock\Wp\Clock;
use Crossdock\Wp\Options;

/**
 * The marks of the probes that run just now, each good for a minute.
 */
class ProbeMarks {

	/**
	 * The option they are kept in; it is also what the other process is asked for.
	 */
	public const OPTION = 'crossdock_probe';

	/**
	 * Seconds that a mark is good for.
	 */
	public const LIFE = 60;

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
	 * @param Options $options WordPress' options.
	 * @param Clock   $clock   The time.
	 */
	public function __construct( Options $options, Clock $clock ) {
		$this->options = $options;
		$this->clock   = $clock;
	}

	/**
	 * Writes a mark down.
	 *
	 * @param string $mark The mark.
	 * @return void
	 */
	public function add( string $mark ): void {
		$this->options->set( self::OPTION, array( $mark => $this->clock->now() ) + $this->all(), false );
	}

	/**
	 * Tells whether a mark is one of this minute, in constant time.
	 *
	 * @param string $given What was given.
	 * @return bool
	 */
	public function known( string $given ): bool {
		$known = false;
		foreach ( array_keys( $this->all() ) as $mark ) {
			$known = hash_equals( (string) $mark, $given ) || $known;
		}
		return $known;
	}

	/**
	 * Forgets a mark.
	 *
	 * @param string $mark The mark.
	 * @return void
	 */
	public function drop( string $mark ): void {
		$left = array_diff_key( $this->all(), array( $mark => 0 ) );
		if ( array() === $left ) {
			$this->options->drop( self::OPTION );
		} else {
			$this->options->set( self::OPTION, $left, false );
		}
	}

	/**
	 * Returns the marks of this minute, as the database holds them.
	 *
	 * @return array<string, float> Mark => when it was drawn.
	 */
	private function all(): array {
		$kept = $this->options->fresh( self::OPTION, array() );
		$now  = $this->clock->now();
		return array_filter(
			is_array( $kept ) ? $kept : array(),
			static function ( $at ) use ( $now ): bool {
				return is_numeric( $at ) && abs( $now - (float) $at ) <= self::LIFE;
			}
		);
	}
}
