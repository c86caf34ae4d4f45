<?php
/**
 * How sending goes.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Monitor;

use Crossdock\Wp\Clock;
use Crossdock\Wp\Options;

/**
 * Keeps what the plugin knows of its own sending in one option (`crossdock_state`, not autoloaded): whether it is
 * paused and why, the failures in a row, when it last succeeded, the present pace. Each room notes its own words.
 */
class Condition {

	/**
	 * The option.
	 */
	public const OPTION = 'crossdock_state';

	/**
	 * WordPress' options.
	 *
	 * @var Options
	 */
	private Options $options;

	/**
	 * The clock.
	 *
	 * @var Clock
	 */
	private Clock $clock;

	/**
	 * Notes what it needs.
	 *
	 * @param Options $options WordPress' options.
	 * @param Clock   $clock   The clock.
	 */
	public function __construct( Options $options, Clock $clock ) {
		$this->options = $options;
		$this->clock   = $clock;
	}

	/**
	 * Returns all that is known: `paused` (code, text, by, at), `failures`, `last_failure` (code, detail, at),
	 * `last_success` (seconds since 1970), `pace` and what else was noted.
	 *
	 * @return array<string, mixed>
	 */
	public function all(): array {
		$kept = $this->options->fresh( self::OPTION, array() );
		return is_array( $kept ) ? $kept : array();
	}

	/**
	 * Returns one thing that is known.
	 *
	 * @param string $name     Its name.
	 * @param mixed  $fallback What is returned when it is not known.
	 * @return mixed
	 */
	public function get( string $name, $fallback = null ) {
		return $this->all()[ $name ] ?? $fallback;
	}

	/**
	 * Notes things; null forgets one.
	 *
	 * @param array<string, mixed> $changes Name => value.
	 * @return void
	 */
	public function note( array $changes ): void {
		$this->options->change(
			self::OPTION,
			static function ( $kept ) use ( $changes ): array {
				return array_filter(
					$changes + ( is_array( $kept ) ? $kept : array() ),
					static function ( $value ): bool {
						return null !== $value;
					}
				);
			}
		);
	}

	/**
	 * Tells whether sending is paused.
	 *
	 * @return bool
	 */
	public function paused(): bool {
		return array() !== $this->pause_reason();
	}

	/**
	 * Returns why sending is paused: code, text, by (a person's id, 0 the plugin itself, -1 the hub), at.
	 *
	 * @return array<string, mixed> Empty when it is not paused.
	 */
	public function pause_reason(): array {
		$paused = $this->get( 'paused' );
		return is_array( $paused ) ? $paused : array();
	}

	/**
	 * Pauses sending; what is paused already keeps its first reason.
	 *
	 * @param string $code by-hand, failures, hub …
	 * @param string $text Plain words; may be empty.
	 * @param int    $by   A person's id, 0 for the plugin itself, -1 for the hub.
	 * @return bool Whether it was this call that paused it.
	 */
	public function pause( string $code, string $text, int $by ): bool {
		if ( $this->paused() ) {
			return false;
		}
		$this->note(
			array(
				'paused' => array(
					'code' => $code,
					'text' => $text,
					'by'   => $by,
					'at'   => $this->clock->now(),
				),
			)
		);
		return true;
	}

	/**
	 * Lets sending go on, with a clean count of failures.
	 *
	 * @return bool Whether it was paused.
	 */
	public function resume(): bool {
		$was = $this->paused();
		$this->note(
			array(
				'paused'   => null,
				'failures' => null,
			)
		);
		return $was;
	}
}
