<?php
/**
 * Texts can be translated.
 *
 * @package Crossdock
 */

namespace Crossdock\Sniffs\Texts;

use Crossdock\Expressions;
use PHP_CodeSniffer\Files\File;
use PHP_CodeSniffer\Sniffs\Sniff;

/**
 * Translating functions are given literals and the plugin's text domain; and a placeholder is explained to translators.
 */
final class TextDomainSniff implements Sniff {

	/**
	 * Function => how many texts come first, and where the domain stands.
	 */
	private const PLACES = array(
		'__' => array( 1, 1 ), '_e' => array( 1, 1 ), 'esc_html__' => array( 1, 1 ), 'esc_html_e' => array( 1, 1 ),
		'esc_attr__' => array( 1, 1 ), 'esc_attr_e' => array( 1, 1 ), '_x' => array( 2, 2 ), '_ex' => array( 2, 2 ),
		'esc_html_x' => array( 2, 2 ), 'esc_attr_x' => array( 2, 2 ), '_n' => array( 2, 3 ), '_nx' => array( 2, 4 ),
		'_n_noop' => array( 2, 2 ), '_nx_noop' => array( 3, 3 ),
	);

	/**
	 * {@inheritDoc}
	 */
	public function register() {
		return array( T_STRING );
	}

	/**
	 * {@inheritDoc}
	 *
	 * @param int $at The token.
	 */
	public function process( File $file, $at ) {
		$name = $file->getTokens()[ $at ]['content'];
		if ( ! isset( self::PLACES[ $name ] ) || ! Expressions::calls( $file, $at ) ) {
			return;
		}
		list( $texts, $place ) = self::PLACES[ $name ];
		$arguments             = Expressions::arguments( $file, $at );
		foreach ( array_slice( $arguments, 0, $texts ) as $argument ) {
			$text = Expressions::literal( $file, $argument[0], $argument[1] );
			if ( null === $text || '' === $text ) {
				$file->addError( '%s() is given what is no literal', $at, 'NoLiteral', array( $name ) );
			} elseif ( preg_match_all( '/%(?:\d+\$)?[sdf]/', $text ) > 1 && ! preg_match( '/%\d+\$/', $text ) ) {
				$file->addError( 'several placeholders need numbers (%%1$s): %s', $at, 'Unordered', array( $text ) );
			} elseif ( preg_match( '/%(?:\d+\$)?[sdf]/', $text ) && ! $this->explained( $file, $at ) ) {
				$file->addError( 'a comment for translators is missing: %s', $at, 'Unexplained', array( $text ) );
			}
		}
		$domain = $arguments[ $place ] ?? null;
		if ( null === $domain || 'crossdock' !== Expressions::literal( $file, $domain[0], $domain[1] ) ) {
			$file->addError( '%s() is in another text domain, or in none', $at, 'Domain', array( $name ) );
		}
	}

	/**
	 * Tells whether a comment for translators stands within the four lines above.
	 */
	private function explained( File $file, int $at ): bool {
		$tokens = $file->getTokens();
		for ( $place = $at; $place > 0 && $tokens[ $place ]['line'] >= $tokens[ $at ]['line'] - 4; $place-- ) {
			if ( T_COMMENT === $tokens[ $place ]['code'] && false !== stripos( $tokens[ $place ]['content'], 'translators:' ) ) {
				return true;
			}
		}
		return false;
	}
}
