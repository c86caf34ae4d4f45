<?php
/**
 * Statements are constants of the code.
 *
 * @package Crossdock
 */

namespace Crossdock\Sniffs\Security;

use Crossdock\Expressions;
use PHP_CodeSniffer\Files\File;
use PHP_CodeSniffer\Sniffs\Sniff;

/**
 * The text of a statement is put together from literals, constants, and variables that this function made of such; never
 * from its parameters, from options or from what a request brought. `$wpdb` itself is given only what was prepared.
 */
final class PreparedSqlSniff implements Sniff {

	/**
	 * Methods of `$wpdb`, and of `Wp\Database` (on a property or variable whose name ends in `database` or `db`).
	 */
	private const RAW  = array( 'query', 'get_results', 'get_var', 'get_row', 'get_col' );
	private const OURS = array( 'run', 'rows', 'row', 'value', 'column' );

	/**
	 * Functions that build a list of placeholders.
	 */
	private const BUILDERS = array( 'implode', 'str_repeat', 'array_fill', 'count', 'rtrim', 'substr' );

	/**
	 * {@inheritDoc}
	 */
	public function register() {
		return array( T_OBJECT_OPERATOR );
	}

	/**
	 * {@inheritDoc}
	 *
	 * @param int $at The token.
	 */
	public function process( File $file, $at ) {
		$tokens = $file->getTokens();
		$owner  = $tokens[ $at - 1 ]['content'];
		$method = strtolower( $tokens[ $at + 1 ]['content'] );
		$raw    = '$wpdb' === $owner && in_array( $method, self::RAW, true );
		$ours   = preg_match( '/(database|db)$/i', $owner ) && '$wpdb' !== $owner && in_array( $method, self::OURS, true );
		$built  = '$wpdb' === $owner && 'prepare' === $method;
		if ( ! $raw && ! $ours && ! $built ) {
			return;
		}
		$argument = Expressions::arguments( $file, $at + 1 )[0] ?? null;
		if ( null === $argument ) {
			return;
		}
		if ( $raw && preg_match( '/^\$(wpdb->prepare|this->prepared)\s*\(/', $file->getTokensAsString( $argument[0], 6 ) ) ) {
			return;
		}
		// the one door: what goes through it was checked where it was written
		if ( $built && preg_match( '#/Wp/Database\.php$#', $file->getFilename() ) ) {
			return;
		}
		$this->check( $file, $argument[0], $argument[1], array() );
	}

	/**
	 * Checks the pieces of a statement.
	 *
	 * @param array<string> $seen Variables that are being looked into.
	 */
	private function check( File $file, int $from, int $to, array $seen ): void {
		$tokens = $file->getTokens();
		$choice = Expressions::split( $file, $from, $to, array( T_INLINE_THEN, T_INLINE_ELSE ) );
		if ( count( $choice ) > 2 ) {
			// what stands before the question mark only chooses
			foreach ( array_slice( $choice, 1 ) as $part ) {
				$this->check( $file, $part[0], $part[1], $seen );
			}
			return;
		}
		$bad    = array( T_VARIABLE, T_DOUBLE_QUOTED_STRING, T_HEREDOC, T_STRING );
		for ( $at = $from; $at <= $to; $at++ ) {
			$code = $tokens[ $at ]['code'];
			if ( ! in_array( $code, $bad, true ) ) {
				continue;
			}
			if ( T_STRING === $code ) {
				if ( Expressions::calls( $file, $at ) && ! in_array( strtolower( $tokens[ $at ]['content'] ), self::BUILDERS, true ) ) {
					$this->tell( $file, $at, $tokens[ $at ]['content'] . '()' );
				} elseif ( 'count' === $tokens[ $at ]['content'] || 'array_fill' === $tokens[ $at ]['content'] ) {
					$open = Expressions::first( $file, $at + 1, $to );
					$at   = 'count' === $tokens[ $at ]['content'] && null !== $open ? $tokens[ $open ]['parenthesis_closer'] : $at;
				}
				continue;
			}
			if ( T_VARIABLE === $code ) {
				$this->variable( $file, $at, $tokens[ $at ]['content'], $seen );
				continue;
			}
			preg_match_all( '/(?<!\\\\)\{?(\$\w+)(->\w+)?/', $tokens[ $at ]['content'], $found, PREG_SET_ORDER );
			foreach ( $found as $one ) {
				if ( '$wpdb' !== $one[1] ) {
					$this->variable( $file, $at, $one[1], $seen, isset( $one[2] ) );
				}
			}
		}
	}

	/**
	 * Checks where a variable of a statement comes from.
	 *
	 * @param array<string> $seen     Variables that are being looked into.
	 * @param bool          $property Whether a property of it is meant.
	 */
	private function variable( File $file, int $at, string $name, array $seen, bool $property = false ): void {
		$tokens = $file->getTokens();
		if ( '$wpdb' === $name || in_array( $name, $seen, true ) ) {
			return;
		}
		if ( '$this' === $name ) {
			// a method of the same class makes its text under the same rule; another object's property does not
			$text = $file->getTokensAsString( $at, 4 );
			if ( $property || ! preg_match( '/^\$this->(\w+\(|database)/', $text ) ) {
				$this->tell( $file, $at, $text );
			}
			return;
		}
		list( $from, $to, $keyword ) = Expressions::around( $file, $at );
		foreach ( null === $keyword ? array() : $file->getMethodParameters( $keyword ) as $number => $parameter ) {
			if ( $parameter['name'] === $name && ! in_array( ltrim( $parameter['type_hint'], '?' ), array( 'int', 'float', 'bool' ), true ) ) {
				if ( 'private' !== $file->getMethodProperties( $keyword )['scope'] ) {
					$this->tell( $file, $at, $name );
					return;
				}
				$this->callers( $file, $keyword, $number, $seen );
			}
		}
		for ( $place = $from; $place <= $to; $place++ ) {
			if ( T_VARIABLE !== $tokens[ $place ]['code'] || $tokens[ $place ]['content'] !== $name ) {
				continue;
			}
			$next = Expressions::first( $file, $place + 1, $to );
			if ( null !== $next && in_array( $tokens[ $next ]['code'], array( T_EQUAL, T_CONCAT_EQUAL ), true ) ) {
				$end = Expressions::end( $file, $next );
				if ( ! $this->own( $file, $next + 1, $end ) ) {
					$this->check( $file, $next + 1, $end, array_merge( $seen, array( $name ) ) );
				}
			}
		}
	}

	/**
	 * Checks what a private method is given by those who call it.
	 *
	 * @param int           $number Which of its parameters.
	 * @param array<string> $seen   What is being looked into.
	 */
	private function callers( File $file, int $keyword, int $number, array $seen ): void {
		$name = $file->getDeclarationName( $keyword );
		if ( in_array( $name, $seen, true ) ) {
			return;
		}
		foreach ( $file->getTokens() as $place => $token ) {
			if ( T_STRING === $token['code'] && $token['content'] === $name && $place !== $file->findNext( T_STRING, $keyword ) ) {
				$argument = Expressions::arguments( $file, $place )[ $number ] ?? null;
				if ( null !== $argument ) {
					$this->check( $file, $argument[0], $argument[1], array( $name ) );
				}
			}
		}
	}

	/**
	 * Tells whether an expression is one call of a method of the same class.
	 */
	private function own( File $file, int $from, int $to ): bool {
		$first = Expressions::first( $file, $from, $to );
		return null !== $first && 1 === preg_match( '/^(\$this->|self::|static::)\w+\(/', $file->getTokensAsString( $first, 4 ) );
	}

	/**
	 * Says what is wrong.
	 */
	private function tell( File $file, int $at, string $what ): void {
		$file->addError( 'a statement is put together with %s: give it as an argument', $at, 'NotConstant', array( $what ) );
	}
}
