<?php
/**
 * A mapping as somebody edits it.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Mapping;

/**
 * Puts what a form sent into the hub's mapping document. It only ever changes what the form shows; everything else of a
 * rule (its owner, words of a newer hub) stays as the hub gave it. It does not judge: the hub does.
 */
final class Draft {

	/**
	 * Where a rule can take its value from.
	 */
	public const SOURCES = array( 'path', 'constant', 'template', 'expression' );

	/**
	 * Returns the mapping with what the form sent.
	 *
	 * @param \stdClass    $mapping The mapping as the hub gave it.
	 * @param array<mixed> $sent    Object's place => row => keep, target, how, source, transforms, missing, default, blanks, drop.
	 * @return \stdClass
	 */
	public static function of( \stdClass $mapping, array $sent ): \stdClass {
		$draft          = clone $mapping;
		$draft->objects = array();
		foreach ( array_values( (array) ( $mapping->objects ?? array() ) ) as $place => $object ) {
			$object        = clone $object;
			$object->rules = array();
			foreach ( (array) ( $sent[ $place ] ?? array() ) as $row ) {
				$rule = is_array( $row ) ? self::rule( $row ) : null;
				if ( null !== $rule ) {
					$object->rules[] = $rule;
				}
			}
			$draft->objects[] = $object;
		}
		return $draft;
	}

	/**
	 * Returns the rows of a form: with the small script all come as one field `packed`, without it each field by itself.
	 *
	 * @param array<mixed> $sent What the form sent.
	 * @return array<mixed> As `of` takes them.
	 */
	public static function rows( array $sent ): array {
		$packed = json_decode( self::raw( $sent, 'packed' ), true );
		return is_array( $packed ) ? $packed : (array) ( $sent['rule'] ?? array() );
	}

	/**
	 * Returns the rule of a row, null when the row is empty or was taken away.
	 *
	 * @param array<mixed> $row The row.
	 * @return \stdClass|null
	 */
	private static function rule( array $row ): ?\stdClass {
		$target = self::text( $row, 'target' );
		$source = isset( $row['source'] ) && is_string( $row['source'] ) ? $row['source'] : '';
		if ( '' !== self::text( $row, 'drop' ) || ( '' === $target && '' === $source ) ) {
			return null;
		}
		$kept = json_decode( self::raw( $row, 'keep' ) );
		$rule = $kept instanceof \stdClass ? $kept : new \stdClass();
		$how  = in_array( self::text( $row, 'how' ), self::SOURCES, true ) ? self::text( $row, 'how' ) : 'path';
		foreach ( self::SOURCES as $name ) {
			unset( $rule->$name );
		}
		$rule->target = $target;
		$rule->$how   = 'path' === $how ? trim( $source ) : $source;
		self::chain( $rule, (array) ( $row['transforms'] ?? array() ) );
		self::missing( $rule, self::text( $row, 'missing' ), self::raw( $row, 'default' ) );
		$rule->fill_blanks = '' !== self::text( $row, 'blanks' );
		return $rule;
	}

	/**
	 * Sets the transforms.
	 *
	 * @param \stdClass    $rule The rule.
	 * @param array<mixed> $sent Each name and argument, in order; a row without a name is none.
	 * @return void
	 */
	private static function chain( \stdClass $rule, array $sent ): void {
		$chain = array();
		foreach ( $sent as $one ) {
			$name = is_array( $one ) ? self::text( $one, 'name' ) : '';
			if ( '' === $name ) {
				continue;
			}
			$argument = self::raw( $one, 'argument' );
			$chain[]  = '' === $argument ? $name : (object) array( $name => self::read( $argument ) );
		}
		$rule->transforms = $chain;
	}

	/**
	 * Sets what happens without a value.
	 *
	 * @param \stdClass $rule     The rule.
	 * @param string    $missing  skip, null, default or fail.
	 * @param string    $fallback The default.
	 * @return void
	 */
	private static function missing( \stdClass $rule, string $missing, string $fallback ): void {
		$rule->when_missing = in_array( $missing, array( 'skip', 'null', 'default', 'fail' ), true ) ? $missing : 'skip';
		unset( $rule->default );
		if ( 'default' === $rule->when_missing ) {
			$rule->default = $fallback;
		}
	}

	/**
	 * Reads an argument: JSON where it is JSON, else the text itself.
	 *
	 * @param string $text What was written.
	 * @return mixed
	 */
	public static function read( string $text ) {
		$value = json_decode( $text );
		return JSON_ERROR_NONE === json_last_error() ? $value : $text;
	}

	/**
	 * Writes an argument so that `read` gives it back.
	 *
	 * @param mixed $value The argument.
	 * @return string
	 */
	public static function write( $value ): string {
		if ( is_string( $value ) && '' !== $value ) {
			json_decode( $value );
			if ( JSON_ERROR_NONE !== json_last_error() ) {
				return $value;
			}
		}
		return (string) json_encode( $value, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION );
	}

	/**
	 * Returns the name and the argument of a transform.
	 *
	 * @param mixed $entry A name, or an object with one name.
	 * @return array{0: string, 1: string} The argument as text; empty for none.
	 */
	public static function transform( $entry ): array {
		if ( is_string( $entry ) ) {
			return array( $entry, '' );
		}
		foreach ( (array) $entry as $name => $argument ) {
			return array( (string) $name, self::write( $argument ) );
		}
		return array( '', '' );
	}

	/**
	 * Returns a word of a row, trimmed.
	 *
	 * @param array<mixed> $row  The row.
	 * @param string       $name Its name.
	 * @return string
	 */
	private static function text( array $row, string $name ): string {
		return trim( self::raw( $row, $name ) );
	}

	/**
	 * Returns a text of a row as it was written.
	 *
	 * @param array<mixed> $row  The row.
	 * @param string       $name Its name.
	 * @return string
	 */
	private static function raw( array $row, string $name ): string {
		return isset( $row[ $name ] ) && is_scalar( $row[ $name ] ) ? (string) $row[ $name ] : '';
	}
}
