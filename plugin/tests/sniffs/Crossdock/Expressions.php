<?php
/**
 * Reading of expressions, for the sniffs.
 *
 * @package Crossdock
 */

namespace Crossdock;

use PHP_CodeSniffer\Files\File;
use PHP_CodeSniffer\Util\Tokens;

/**
 * Walks over the tokens of a file.
 */
final class Expressions {

	/**
	 * Splits the tokens between two places at separators that stand in no brackets.
	 *
	 * @param array<int|string> $separators Codes of tokens.
	 * @return array<int, array{int, int}> First and last token of each part; empty parts are left out.
	 */
	public static function split( File $file, int $from, int $to, array $separators ): array {
		$tokens = $file->getTokens();
		$parts  = array();
		$start  = $from;
		for ( $at = $from; $at <= $to; $at++ ) {
			$at = self::over( $tokens, $at );
			if ( $at <= $to && in_array( $tokens[ $at ]['code'], $separators, true ) ) {
				$parts[] = array( $start, $at - 1 );
				$start   = $at + 1;
			}
		}
		$parts[] = array( $start, $to );
		$full    = array();
		foreach ( $parts as $part ) {
			$first = self::first( $file, $part[0], $part[1] );
			if ( null !== $first ) {
				$full[] = array( $first, $file->findPrevious( Tokens::$emptyTokens, $part[1], $first - 1, true ) );
			}
		}
		return $full;
	}

	/**
	 * Returns the first token that means something; null when there is none.
	 */
	public static function first( File $file, int $from, int $to ): ?int {
		$found = $file->findNext( Tokens::$emptyTokens, $from, $to + 1, true );
		return false === $found ? null : $found;
	}

	/**
	 * Returns the end of a bracket that opens here, or the place itself.
	 *
	 * @param array<int, array<string, mixed>> $tokens All tokens.
	 */
	private static function over( array $tokens, int $at ): int {
		foreach ( array( 'parenthesis', 'bracket' ) as $kind ) {
			if ( ( $tokens[ $at ][ $kind . '_opener' ] ?? null ) === $at && isset( $tokens[ $at ][ $kind . '_closer' ] ) ) {
				return $tokens[ $at ][ $kind . '_closer' ];
			}
		}
		return $at;
	}

	/**
	 * Returns the end of the statement that begins at a keyword.
	 */
	public static function end( File $file, int $at ): int {
		$tokens = $file->getTokens();
		for ( $now = $at + 1; $now < $file->numTokens; $now++ ) {
			$now = self::over( $tokens, $now );
			if ( in_array( $tokens[ $now ]['code'], array( T_SEMICOLON, T_CLOSE_TAG ), true ) ) {
				return $now - 1;
			}
		}
		return $file->numTokens - 1;
	}

	/**
	 * Returns the arguments of a call whose name stands here.
	 *
	 * @return array<int, array{int, int}>
	 */
	public static function arguments( File $file, int $name ): array {
		$tokens = $file->getTokens();
		$open   = self::first( $file, $name + 1, $file->numTokens - 1 );
		if ( null === $open || T_OPEN_PARENTHESIS !== $tokens[ $open ]['code'] ) {
			return array();
		}
		return self::split( $file, $open + 1, $tokens[ $open ]['parenthesis_closer'] - 1, array( T_COMMA ) );
	}

	/**
	 * Tells whether a name is called as a function: not a method, not a declaration.
	 */
	public static function calls( File $file, int $name ): bool {
		$tokens = $file->getTokens();
		$next   = self::first( $file, $name + 1, $file->numTokens - 1 );
		$before = $file->findPrevious( Tokens::$emptyTokens, $name - 1, null, true );
		$bad    = array( T_OBJECT_OPERATOR, T_DOUBLE_COLON, T_FUNCTION, T_NEW, T_NULLSAFE_OBJECT_OPERATOR );
		return null !== $next && T_OPEN_PARENTHESIS === $tokens[ $next ]['code'] && ! in_array( $tokens[ $before ]['code'], $bad, true );
	}

	/**
	 * Returns first and last token of the function around a place; of the file when there is none. Closures belong to the
	 * function they stand in.
	 *
	 * @return array{int, int, int|null} First, last, the keyword `function`.
	 */
	public static function around( File $file, int $at ): array {
		$tokens = $file->getTokens();
		foreach ( $tokens[ $at ]['conditions'] as $place => $code ) {
			if ( T_FUNCTION === $code && isset( $tokens[ $place ]['scope_opener'] ) ) {
				return array( $tokens[ $place ]['scope_opener'], $tokens[ $place ]['scope_closer'], $place );
			}
		}
		return array( 0, $file->numTokens - 1, null );
	}

	/**
	 * Tells whether one of some functions is called between two places; `Class::method` and `method` of `->` may be named.
	 *
	 * @param array<string> $names Lower-case names.
	 */
	public static function has_call( File $file, int $from, int $to, array $names ): bool {
		$tokens = $file->getTokens();
		for ( $at = $from; $at <= $to; $at++ ) {
			if ( T_STRING === $tokens[ $at ]['code'] && in_array( strtolower( $tokens[ $at ]['content'] ), $names, true ) ) {
				$next = self::first( $file, $at + 1, $file->numTokens - 1 );
				if ( null !== $next && T_OPEN_PARENTHESIS === $tokens[ $next ]['code'] ) {
					return true;
				}
			}
		}
		return false;
	}

	/**
	 * Tells whether `Form::sent`, which verifies the nonce and asks for the capability, is called between two places.
	 */
	public static function through_the_form( File $file, int $from, int $to ): bool {
		return false !== strpos( $file->getTokensAsString( $from, $to - $from + 1 ), 'Form::sent(' );
	}

	/**
	 * Returns the text of a literal string without its quotes; null when it is none.
	 */
	public static function literal( File $file, int $from, int $to ): ?string {
		$tokens = $file->getTokens();
		return $from === $to && T_CONSTANT_ENCAPSED_STRING === $tokens[ $from ]['code'] ? substr( $tokens[ $from ]['content'], 1, -1 ) : null;
	}
}
