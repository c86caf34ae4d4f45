<?php
/**
 * One class a file.
 *
 * @package Crossdock
 */

namespace Crossdock\Sniffs\House;

use PHP_CodeSniffer\Files\File;
use PHP_CodeSniffer\Sniffs\Sniff;

/**
 * A file of the plugin holds one class, at most 200 lines, strict types, and nothing that needs a PHP newer than 7.4 to run.
 */
final class OneClassSniff implements Sniff {

	/**
	 * Lines at most.
	 */
	private const LINES = 200;

	/**
	 * {@inheritDoc}
	 */
	public function register() {
		return array( T_OPEN_TAG );
	}

	/**
	 * {@inheritDoc}
	 *
	 * @param int $at The token.
	 */
	public function process( File $file, $at ) {
		$tokens  = $file->getTokens();
		$classes = 0;
		foreach ( $tokens as $token ) {
			$classes += in_array( $token['code'], array( T_CLASS, T_INTERFACE, T_TRAIT ), true ) ? 1 : 0;
		}
		$lines = end( $tokens )['line'];
		if ( $lines > self::LINES ) {
			$file->addError( '%d lines: at most %d', $at, 'Long', array( $lines, self::LINES ) );
		}
		$below = preg_match( '#/src/#', $file->getFilename() );
		if ( $below && 1 !== $classes ) {
			$file->addError( '%d classes in a file: one', $at, 'Classes', array( $classes ) );
		}
		if ( $below && false === $file->findNext( T_DECLARE, $at ) ) {
			$file->addError( 'no strict types', $at, 'Loose' );
		}
		return $file->numTokens;
	}
}
