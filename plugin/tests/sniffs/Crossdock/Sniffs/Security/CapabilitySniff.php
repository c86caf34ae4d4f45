<?php
/**
 * Who may is asked.
 *
 * @package Crossdock
 */

namespace Crossdock\Sniffs\Security;

use Crossdock\Expressions;
use PHP_CodeSniffer\Files\File;
use PHP_CodeSniffer\Sniffs\Sniff;

/**
 * A nonce says that a form is ours, not who may: a function that verifies one asks for a capability too (a form of visitors
 * is none of ours). Menus name a capability of their own, routes a callback that decides, and nothing is open to everybody.
 */
final class CapabilitySniff implements Sniff {

	/**
	 * {@inheritDoc}
	 */
	public function register() {
		return array( T_STRING, T_CONSTANT_ENCAPSED_STRING );
	}

	/**
	 * {@inheritDoc}
	 *
	 * @param int $at The token.
	 */
	public function process( File $file, $at ) {
		$token = $file->getTokens()[ $at ];
		if ( T_CONSTANT_ENCAPSED_STRING === $token['code'] ) {
			if ( preg_match( '/^.(wp_ajax_nopriv_|admin_post_nopriv_)/', $token['content'] ) ) {
				$file->addError( 'open to everybody: %s', $at, 'Open', array( $token['content'] ) );
			}
			return;
		}
		$name = strtolower( $token['content'] );
		if ( ! Expressions::calls( $file, $at ) ) {
			return;
		}
		if ( in_array( $name, array( 'wp_verify_nonce', 'check_admin_referer', 'check_ajax_referer' ), true ) ) {
			list( $from, $to ) = Expressions::around( $file, $at );
			if ( ! Expressions::through_the_form( $file, $from, $to ) && ! Expressions::has_call( $file, $from, $to, array( 'current_user_can', 'user_can' ) ) ) {
				$file->addError( '%s() without current_user_can() in the same function', $at, 'NotAsked', array( $name ) );
			}
		} elseif ( in_array( $name, array( 'add_menu_page', 'add_submenu_page' ), true ) ) {
			$this->menu( $file, $at, 'add_menu_page' === $name ? 2 : 3 );
		} elseif ( 'register_rest_route' === $name ) {
			$this->route( $file, $at );
		}
	}

	/**
	 * Checks which capability a menu names.
	 */
	private function menu( File $file, int $at, int $place ): void {
		$argument = Expressions::arguments( $file, $at )[ $place ] ?? null;
		$text     = null === $argument ? '' : $file->getTokensAsString( $argument[0], $argument[1] - $argument[0] + 1 );
		if ( ! preg_match( '/^(?:[\\\\\w]+::CAPABILITY|.manage_[a-z_]+.)$/', trim( $text ) ) ) {
			$file->addError( 'a menu for whoever has %s', $at, 'Menu', array( $text ) );
		}
	}

	/**
	 * Checks that a route decides who may.
	 */
	private function route( File $file, int $at ): void {
		$tokens = $file->getTokens();
		$open   = Expressions::first( $file, $at + 1, $file->numTokens - 1 );
		$text   = $file->getTokensAsString( $open, $tokens[ $open ]['parenthesis_closer'] - $open );
		if ( ! preg_match( '/[\'"]permission_callback[\'"]\s*=>\s*(?!\s*[\'"]__return_true[\'"])\S/', $text ) ) {
			$file->addError( 'a REST route without a permission_callback that decides', $at, 'Route' );
		}
	}
}
