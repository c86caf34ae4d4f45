<?php
/**
 * The plugin's settings.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Settings;

use Crossdock\Wp\Options;

/**
 * Reads and keeps the settings. What is kept was read by `Rules`; what is missing has its default.
 */
class Settings {

	/**
	 * The option they are kept in (loaded with every page, small).
	 */
	public const OPTION = 'crossdock_settings';

	/**
	 * WordPress' options.
	 *
	 * @var Options
	 */
	private Options $options;

	/**
	 * Takes what it reads from.
	 *
	 * @param Options $options WordPress' options.
	 */
	public function __construct( Options $options ) {
		$this->options = $options;
	}

	/**
	 * Returns whether a switch is on.
	 *
	 * @param string $name A setting of type bool.
	 * @return bool
	 */
	public function on( string $name ): bool {
		return true === $this->value( $name );
	}

	/**
	 * Returns a number; a setting that is "auto" gives the fallback.
	 *
	 * @param string $name Setting of type int or auto.
	 * @param int    $auto What "auto" stands for.
	 * @return int
	 */
	public function number( string $name, int $auto = 0 ): int {
		$value = $this->value( $name );
		return is_int( $value ) ? $value : $auto;
	}

	/**
	 * Returns whether a setting leaves the number to the plugin.
	 *
	 * @param string $name Setting of type auto.
	 * @return bool
	 */
	public function auto( string $name ): bool {
		return 'auto' === $this->value( $name );
	}

	/**
	 * Returns a text or a choice.
	 *
	 * @param string $name The setting.
	 * @return string
	 */
	public function text( string $name ): string {
		$value = $this->value( $name );
		return is_string( $value ) ? $value : '';
	}

	/**
	 * Returns all settings by name, each in its type.
	 *
	 * @return array<string, bool|int|string>
	 */
	public function all(): array {
		$all = array();
		foreach ( array_keys( Fields::all() ) as $name ) {
			$all[ $name ] = $this->value( $name );
		}
		return $all;
	}

	/**
	 * Keeps several settings, all or none: when one is wrong nothing changes.
	 *
	 * @param array<string, mixed> $given Name => value as given.
	 * @return array<int, Fault> What is wrong; empty when it was kept.
	 */
	public function keep( array $given ): array {
		list( $read, $faults ) = $this->read( $given );
		if ( array() === $faults ) {
			$next = array_merge( $this->all(), $read );
			$this->options->set( self::OPTION, $next, true );
			if ( $this->options->fresh( self::OPTION ) !== $next ) {
				$faults[] = new Fault( 'settings', 'database', __( 'The database did not take the settings. Try again; if it stays, see the site’s error log.', 'crossdock' ) );
			}
		}
		return $faults;
	}

	/**
	 * Says what is wrong with values, and keeps nothing.
	 *
	 * @param array<string, mixed> $given Name => value as given.
	 * @return array<int, Fault>
	 */
	public function faults( array $given ): array {
		return $this->read( $given )[1];
	}

	/**
	 * Reads values.
	 *
	 * @param array<string, mixed> $given Name => value as given.
	 * @return array{0: array<string, bool|int|string>, 1: array<int, Fault>} What is right, what is wrong.
	 */
	private function read( array $given ): array {
		$rules  = new Rules();
		$read   = array();
		$faults = array();
		foreach ( $given as $name => $value ) {
			$found = $rules->read( (string) $name, $value );
			if ( $found instanceof Fault ) {
				$faults[] = $found;
			} else {
				$read[ (string) $name ] = $found;
			}
		}
		return array( $read, $faults );
	}

	/**
	 * Returns what is kept, as it is in the database, right or wrong.
	 *
	 * @return array<string, mixed>
	 */
	public function kept(): array {
		$kept = $this->options->get( self::OPTION, array() );
		return is_array( $kept ) ? $kept : array();
	}

	/**
	 * Returns a setting in its type; its default when it is not kept or not of its type.
	 *
	 * @param string $name The setting.
	 * @return bool|int|string
	 * @throws \LogicException When the code asks for a setting that is not in the table.
	 */
	private function value( string $name ) {
		$field = Fields::one( $name );
		if ( null === $field ) {
			throw new \LogicException( 'no setting is named ' . $name );
		}
		$kept = $this->kept()[ $name ] ?? null;
		if ( 'bool' === $field['type'] ) {
			return is_bool( $kept ) ? $kept : $field['default'];
		}
		if ( 'auto' === $field['type'] && 'auto' === $kept ) {
			return 'auto';
		}
		if ( 'int' === $field['type'] || 'auto' === $field['type'] ) {
			return is_int( $kept ) && $kept >= $field['least'] && $kept <= $field['most'] ? $kept : $field['default'];
		}
		if ( 'choice' === $field['type'] ) {
			return in_array( $kept, $field['choices'], true ) ? $kept : $field['default'];
		}
		return is_string( $kept ) ? $kept : $field['default'];
	}
}
