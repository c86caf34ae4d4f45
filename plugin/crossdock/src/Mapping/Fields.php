<?php
/**
 * Which fields documents have.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Mapping;

/**
 * Walks documents and collects their fields: path, type and a masked sample. Every path it gives is one `Paths` reads.
 */
final class Fields {

	/**
	 * The most fields of one kind.
	 */
	public const MOST = 1000;

	/**
	 * How deep a document is walked.
	 */
	private const DEPTH = 4;

	/**
	 * Path => type and sample.
	 *
	 * @var array<string, array{type: string, sample: string}>
	 */
	private array $found = array();

	/**
	 * Adds the fields of a document.
	 *
	 * @param array<mixed> $document The document.
	 * @return void
	 */
	public function add( array $document ): void {
		$this->walk( $document, '', self::DEPTH );
	}

	/**
	 * Returns the fields, by path in alphabetical order.
	 *
	 * @return array<int, array{path: string, type: string, sample: string}>
	 */
	public function all(): array {
		ksort( $this->found );
		$all = array();
		foreach ( $this->found as $path => $field ) {
			$all[] = array( 'path' => (string) $path ) + $field;
		}
		return $all;
	}

	/**
	 * Walks a part of a document.
	 *
	 * @param array<mixed> $part   The part.
	 * @param string       $before The path to it with its dot.
	 * @param int          $depth  How much deeper it may go.
	 * @return void
	 */
	private function walk( array $part, string $before, int $depth ): void {
		foreach ( $part as $name => $value ) {
			$path = $before . $name;
			if ( 'meta_data' === $name && is_array( $value ) ) {
				$this->notes( $value, $path );
			} elseif ( is_array( $value ) && array() !== $value && $this->named( $value ) ) {
				if ( $depth > 1 ) {
					$this->walk( $value, $path . '.', $depth - 1 );
				}
			} else {
				$this->note( $path, $value );
			}
		}
	}

	/**
	 * Walks `meta_data`: the key is the name.
	 *
	 * @param array<mixed> $rows   Rows of `{key, value}`.
	 * @param string       $before The path to them.
	 * @return void
	 */
	private function notes( array $rows, string $before ): void {
		foreach ( $rows as $row ) {
			if ( is_array( $row ) && isset( $row['key'] ) && is_scalar( $row['key'] ) && array_key_exists( 'value', $row ) ) {
				$key = (string) $row['key'];
				if ( false === strpos( $key, '.' ) && ! ctype_digit( $key ) ) {
					$this->note( $before . '.' . $key, $row['value'] );
				}
			}
		}
	}

	/**
	 * Notes a field; a sample that says something replaces one that does not.
	 *
	 * @param string $path  Where it stands.
	 * @param mixed  $value What stands there.
	 * @return void
	 */
	private function note( string $path, $value ): void {
		if ( ! Paths::valid( $path ) || ( count( $this->found ) >= self::MOST && ! isset( $this->found[ $path ] ) ) ) {
			return;
		}
		$known = $this->found[ $path ] ?? array(
			'type'   => 'empty',
			'sample' => '',
		);
		$type  = $this->type( $value );
		if ( 'empty' !== $type && $known['type'] !== $type ) {
			$known['type'] = 'empty' === $known['type'] ? $type : 'text';
		}
		if ( '' === $known['sample'] ) {
			$known['sample'] = Mask::sample( $path, $value );
		}
		$this->found[ $path ] = $known;
	}

	/**
	 * Says whether an array is a mapping, not a list.
	 *
	 * @param array<mixed> $given The array.
	 * @return bool
	 */
	private function named( array $given ): bool {
		return array_keys( $given ) !== range( 0, count( $given ) - 1 );
	}

	/**
	 * Returns the type of a value.
	 *
	 * @param mixed $value The value.
	 * @return string text, number, boolean, moment, list, object or empty.
	 */
	private function type( $value ): string {
		if ( null === $value || '' === $value || array() === $value ) {
			return 'empty';
		}
		if ( is_bool( $value ) ) {
			return 'boolean';
		}
		if ( is_int( $value ) || is_float( $value ) ) {
			return 'number';
		}
		if ( is_array( $value ) ) {
			return $this->named( $value ) ? 'object' : 'list';
		}
		if ( is_string( $value ) && 1 === preg_match( '/^-?\d{1,15}(?:\.\d{1,12})?$/D', $value ) && 1 !== preg_match( '/^0\d/', $value ) ) {
			return 'number';
		}
		return is_string( $value ) && 1 === preg_match( '/^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?$/D', $value ) ? 'moment' : 'text';
	}
}
