<?php
/**
 * The settings after an update.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Settings;

use Crossdock\Wp\Clock;
use Crossdock\Wp\Options;

/**
 * Validates every kept setting. What is not valid is kept aside (`crossdock_set_aside`), named in a notice, and its default takes its
 * place.
 */
class Review {

	/**
	 * The option with what was set aside.
	 */
	public const OPTION = 'crossdock_set_aside';

	/**
	 * WordPress' options.
	 *
	 * @var Options
	 */
	private Options $options;

	/**
	 * What a value may be.
	 *
	 * @var Rules
	 */
	private Rules $rules;

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
	 * @param Rules   $rules   What a value may be.
	 * @param Clock   $clock   The time.
	 */
	public function __construct( Options $options, Rules $rules, Clock $clock ) {
		$this->options = $options;
		$this->rules   = $rules;
		$this->clock   = $clock;
	}

	/**
	 * Validates what is kept.
	 *
	 * @return array<string, Fault> What was set aside, by name; empty when all was valid.
	 */
	public function run(): array {
		$kept   = $this->options->fresh( Settings::OPTION, array() );
		$next   = Fields::defaults();
		$faults = array();
		$aside  = array();
		foreach ( is_array( $kept ) ? $kept : array( Settings::OPTION => $kept ) as $name => $value ) {
			$read = $this->rules->read( (string) $name, $value );
			if ( $read instanceof Fault ) {
				$faults[ (string) $name ] = $read;
				$aside[ (string) $name ]  = array( 'value' => $value, 'at' => (int) $this->clock->now() ) + $read->told();
			} else {
				$next[ $name ] = $read;
			}
		}
		if ( array() !== $aside ) {
			$this->options->set( self::OPTION, $aside + $this->aside(), false );
		}
		if ( $kept !== $next ) {
			$this->options->set( Settings::OPTION, $next, true );
		}
		return $faults;
	}

	/**
	 * Returns what was set aside and not yet dismissed: name => value, rule, remedy, at.
	 *
	 * @return array<string, array<string, mixed>>
	 */
	public function aside(): array {
		$aside = $this->options->get( self::OPTION, array() );
		return is_array( $aside ) ? $aside : array();
	}

	/**
	 * Forgets what was set aside: a person has seen it.
	 *
	 * @return void
	 */
	public function dismiss(): void {
		$this->options->drop( self::OPTION );
	}
}
