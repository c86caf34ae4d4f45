<?php
/**
 * Dotted paths into a document.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Mapping;

/**
 * Reads a value by a dotted path, with the meaning the hub gives it (flow/map/paths.py; both are held to the vectors of
 * tests/fixtures/plugin/paths.json): a word names a key, a number an item of a list, and a word after a list of
 * `{key, value}` rows (WooCommerce's `meta_data`) the value that stands last under that key. What is not there is null.
 */
final class Paths {

	/**
	 * The most characters of a path.
	 */
	public const LONGEST = 200;

	/**
	 * Says whether a text is a path.
	 *
	 * @param string $path E.g. `billing.first_name`.
	 * @return bool
	 */
	public static function valid( string $path ): bool {
		return strlen( $path ) <= self::LONGEST && 1 === preg_match( '/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/D', $path );
	}

	/**
	 * Returns the value at a path, null when nothing is there or the text is no path.
	 *
	 * @param mixed  $document Arrays, or objects where a mapping must be told from a list.
	 * @param string $path     The path.
	 * @return mixed
	 */
	public static function value( $document, string $path ) {
		if ( ! self::valid( $path ) ) {
			return null;
		}
		$here  = $document;
		$notes = true;
		foreach ( explode( '.', $path ) as $part ) {
			if ( $notes && self::is_notes( $here ) && ! ctype_digit( $part ) ) {
				// What a note holds is anybody's JSON: rows of {key, value} in it are no notes any more.
				$here  = self::noted( $here, $part );
				$notes = false;
			} else {
				$here = self::step( $here, $part );
			}
			if ( null === $here ) {
				return null;
			}
		}
		return $here;
	}

	/**
	 * Returns the values of many paths of one document.
	 *
	 * @param mixed         $document The document.
	 * @param array<string> $paths    The paths.
	 * @return array<string, mixed> By path.
	 */
	public static function values( $document, array $paths ): array {
		$found = array();
		foreach ( $paths as $path ) {
			$found[ $path ] = self::value( $document, $path );
		}
		return $found;
	}

	/**
	 * Goes one step.
	 *
	 * @param mixed  $here Where the path is.
	 * @param string $part The next word.
	 * @return mixed
	 */
	private static function step( $here, string $part ) {
		if ( is_object( $here ) ) {
			return get_object_vars( $here )[ $part ] ?? null;
		}
		if ( ! is_array( $here ) ) {
			return null;
		}
		if ( ! self::is_list( $here ) ) {
			return $here[ $part ] ?? null;
		}
		return ctype_digit( $part ) && strlen( $part ) < 10 ? ( $here[ (int) $part ] ?? null ) : null;
	}

	/**
	 * Says whether something is a list of notes: rows of `{key, value}`, all of them.
	 *
	 * @param mixed $here Anything.
	 * @return bool
	 */
	private static function is_notes( $here ): bool {
		if ( ! is_array( $here ) || array() === $here || ! self::is_list( $here ) ) {
			return false;
		}
		foreach ( $here as $row ) {
			$row = is_object( $row ) ? get_object_vars( $row ) : $row;
			if ( ! is_array( $row ) || ! array_key_exists( 'key', $row ) || ! array_key_exists( 'value', $row ) ) {
				return false;
			}
		}
		return true;
	}

	/**
	 * Returns the value that stands last under a key of rows of `{key, value}`.
	 *
	 * @param array<int, mixed> $rows The rows.
	 * @param string            $key  The key.
	 * @return mixed
	 */
	private static function noted( array $rows, string $key ) {
		foreach ( array_reverse( $rows ) as $row ) {
			$row = is_object( $row ) ? get_object_vars( $row ) : $row;
			if ( $row['key'] === $key ) {
				return $row['value'];
			}
		}
		return null;
	}

	/**
	 * Says whether an array is a list (0, 1, 2 …).
	 *
	 * @param array<int|string, mixed> $given The array.
	 * @return bool
	 */
	private static function is_list( array $given ): bool {
		$next = 0;
		foreach ( $given as $key => $unused ) {
			if ( $key !== $next++ ) {
				return false;
			}
		}
		return true;
	}
}
