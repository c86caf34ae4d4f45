<?php
/**
 * What is printed is escaped.
 *
 * @package Crossdock
 */

namespace Crossdock\Sniffs\Security;

use Crossdock\Expressions;
use PHP_CodeSniffer\Files\File;
use PHP_CodeSniffer\Sniffs\Sniff;

/**
 * Every piece of what `echo`, `print`, `<?=`, `printf`, `wp_die`, `exit` print is a literal, a number, or comes straight
 * out of an escaping function.
 */
final class EscapedOutputSniff implements Sniff {

	/**
	 * Functions whose result may be printed.
	 */
	private const SAFE = array(
		'esc_html', 'esc_attr', 'esc_url', 'esc_textarea', 'esc_js', 'esc_xml', 'esc_html__', 'esc_attr__', 'esc_html_x', 'esc_attr_x',
		'wp_kses', 'wp_kses_post', 'wp_kses_data', 'absint', 'intval', 'checked', 'selected', 'disabled', 'wp_nonce_field',
		'sanitize_html_class', 'get_submit_button', 'count',
	);

	/**
	 * Functions that print what they are given.
	 */
	private const PRINTERS = array( 'printf', 'vprintf', 'wp_die', 'trigger_error', 'print_r', 'var_dump', 'var_export' );

	/**
	 * {@inheritDoc}
	 */
	public function register() {
		return array( T_ECHO, T_PRINT, T_OPEN_TAG_WITH_ECHO, T_EXIT, T_STRING );
	}

	/**
	 * {@inheritDoc}
	 *
	 * @param int $at The token.
	 */
	public function process( File $file, $at ) {
		$token = $file->getTokens()[ $at ];
		if ( T_STRING === $token['code'] ) {
			if ( in_array( strtolower( $token['content'] ), self::PRINTERS, true ) && Expressions::calls( $file, $at ) ) {
				$this->printer( $file, $at, strtolower( $token['content'] ) );
			}
			return;
		}
		$parts = array( array( $at + 1, Expressions::end( $file, $at ) ) );
		if ( T_ECHO === $token['code'] ) {
			$parts = Expressions::split( $file, $at + 1, $parts[0][1], array( T_COMMA ) );
		}
		foreach ( $parts as $part ) {
			$this->check( $file, $part[0], $part[1] );
		}
	}

	/**
	 * Checks the arguments of a function that prints.
	 */
	private function printer( File $file, int $at, string $name ): void {
		$second = Expressions::arguments( $file, $at )[1] ?? array( 0, 0 );
		if ( in_array( $name, array( 'print_r', 'var_export' ), true ) && 'true' === strtolower( $file->getTokens()[ $second[0] ]['content'] ) ) {
			// returned, not printed
			return;
		}
		if ( in_array( $name, array( 'print_r', 'var_dump', 'var_export', 'trigger_error' ), true ) ) {
			$file->addError( '%s() does not belong into the plugin', $at, 'Debug', array( $name ) );
			return;
		}
		$arguments = Expressions::arguments( $file, $at );
		foreach ( 'wp_die' === $name ? array_slice( $arguments, 0, 2 ) : $arguments as $argument ) {
			$this->check( $file, $argument[0], $argument[1] );
		}
	}

	/**
	 * Checks an expression piece by piece.
	 */
	private function check( File $file, int $from, int $to ): void {
		$tokens = $file->getTokens();
		$choice = Expressions::split( $file, $from, $to, array( T_INLINE_THEN, T_INLINE_ELSE, T_COALESCE ) );
		if ( count( $choice ) > 1 ) {
			// what stands before the question mark is not printed, unless nothing stands between ? and :
			foreach ( count( $choice ) > 2 ? array_slice( $choice, 1 ) : $choice as $part ) {
				$this->check( $file, $part[0], $part[1] );
			}
			return;
		}
		foreach ( Expressions::split( $file, $from, $to, array( T_STRING_CONCAT ) ) as $part ) {
			list( $first, $last ) = $part;
			if ( T_OPEN_PARENTHESIS === $tokens[ $first ]['code'] && $tokens[ $first ]['parenthesis_closer'] === $last ) {
				$this->check( $file, $first + 1, $last - 1 );
			} elseif ( ! $this->safe( $file, $first, $last ) ) {
				$text = trim( $file->getTokensAsString( $first, $last - $first + 1 ) );
				$file->addError( 'printed without being escaped: %s', $first, 'Unescaped', array( substr( $text, 0, 80 ) ) );
			}
		}
	}

	/**
	 * Tells whether a piece may be printed.
	 */
	private function safe( File $file, int $first, int $last ): bool {
		$tokens = $file->getTokens();
		$code   = $tokens[ $first ]['code'];
		if ( $first === $last && in_array( $code, array( T_CONSTANT_ENCAPSED_STRING, T_LNUMBER, T_DNUMBER, T_NULL ), true ) ) {
			return true;
		}
		if ( in_array( $code, array( T_INT_CAST, T_DOUBLE_CAST, T_BOOL_CAST ), true ) ) {
			return true;
		}
		if ( T_STRING === $code && Expressions::calls( $file, $first ) ) {
			$open = Expressions::first( $file, $first + 1, $last );
			return in_array( strtolower( $tokens[ $first ]['content'] ), self::SAFE, true ) && $tokens[ $open ]['parenthesis_closer'] === $last;
		}
		return $first === $last && T_STRING === $code && 'PHP_EOL' === $tokens[ $first ]['content'];
	}
}
