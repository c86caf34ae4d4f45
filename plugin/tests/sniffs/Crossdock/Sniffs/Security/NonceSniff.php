<?php
/**
 * Forms carry a nonce, and it is looked at.
 *
 * @package Crossdock
 */

namespace Crossdock\Sniffs\Security;

use Crossdock\Expressions;
use PHP_CodeSniffer\Files\File;
use PHP_CodeSniffer\Sniffs\Sniff;

/**
 * Who reads what was posted verifies a nonce in the same function; who prints a form that posts gives it one. What a query
 * holds is read through `Wp\Query` alone.
 */
final class NonceSniff implements Sniff {

	/**
	 * What verifies.
	 */
	private const VERIFIES = array( 'wp_verify_nonce', 'check_admin_referer', 'check_ajax_referer' );

	/**
	 * {@inheritDoc}
	 */
	public function register() {
		return array( T_VARIABLE, T_STRING, T_CONSTANT_ENCAPSED_STRING );
	}

	/**
	 * {@inheritDoc}
	 *
	 * @param int $at The token.
	 */
	public function process( File $file, $at ) {
		$token               = $file->getTokens()[ $at ];
		list( $from, $to ) = Expressions::around( $file, $at );
		if ( in_array( $token['content'], array( '$_POST', '$_REQUEST', '$_FILES', 'INPUT_POST' ), true ) ) {
			if ( ! Expressions::through_the_form( $file, $from, $to ) && ! Expressions::has_call( $file, $from, $to, self::VERIFIES ) ) {
				$file->addError( '%s is read, and no nonce is verified in this function', $at, 'Unverified', array( $token['content'] ) );
			}
		} elseif ( in_array( $token['content'], array( '$_GET', 'INPUT_GET' ), true ) ) {
			if ( ! Expressions::has_call( $file, $from, $to, array_merge( self::VERIFIES, array( 'sanitize_text_field', 'sanitize_key', 'absint' ) ) ) ) {
				$file->addError( '%s is read, and not sanitised in this function', $at, 'Unsanitised', array( $token['content'] ) );
			}
		} elseif ( T_CONSTANT_ENCAPSED_STRING === $token['code'] && preg_match( '/<form\b[^>]*method=.post/i', $token['content'] ) ) {
			if ( ! Expressions::has_call( $file, $from, $to, array( 'wp_nonce_field', 'wp_create_nonce', 'mark', 'settings_fields' ) ) ) {
				$file->addError( 'a form that posts has no nonce', $at, 'FormWithout' );
			}
		}
	}
}
