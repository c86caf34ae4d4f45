<?php
/**
 * Documents as plain values.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Documents;

/**
 * Turns what a controller answers into arrays and simple values, as its JSON has them.
 */
final class Plain {

	/**
	 * Returns a value without objects; only an object without properties stays one, so that its JSON stays `{}`.
	 *
	 * @param mixed $value Whatever the controller answered.
	 * @return mixed
	 */
	public static function of( $value ) {
		if ( $value instanceof \JsonSerializable ) {
			return self::of( $value->jsonSerialize() );
		}
		if ( is_object( $value ) ) {
			$inside = get_object_vars( $value );
			return array() === $inside ? new \stdClass() : self::of( $inside );
		}
		return is_array( $value ) ? array_map( array( self::class, 'of' ), $value ) : $value;
	}
}
