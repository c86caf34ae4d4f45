<?php
/**
 * Options in memory.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Tests;

use Crossdock\Wp\Options;

/**
 * WordPress' options without a database.
 */
final class ArrayOptions extends Options {

	/**
	 * The options by name.
	 *
	 * @var array<string, mixed>
	 */
	public array $kept = array();

	public function get( string $name, $fallback = null ) {
		return $this->kept[ $name ] ?? $fallback;
	}

	public function fresh( string $name, $fallback = null ) {
		return $this->get( $name, $fallback );
	}

	public function set( string $name, $value, bool $autoload = false ): void {
		$this->kept[ $name ] = $value;
	}

	public function change( string $name, callable $change ): void {
		$this->kept[ $name ] = $change( $this->kept[ $name ] ?? null );
	}

	public function add( string $name, $value ): bool {
		if ( array_key_exists( $name, $this->kept ) ) {
			return false;
		}
		$this->kept[ $name ] = $value;
		return true;
	}

	public function drop( string $name ): void {
		unset( $this->kept[ $name ] );
	}
}
