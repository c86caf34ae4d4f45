<?php
/**
 * What the screen "Connection" looks like.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

use Crossdock\Hub\Answer;
use Crossdock\Hub\Causes;
use Crossdock\Hub\Diagnosis;
use Crossdock\Hub\Trial;
use Crossdock\Hub\Verdict;
use Crossdock\Settings\Fault;

/**
 * Prints the connection there is, its test, and the ways to connect.
 */
final class ConnectionView {

	/**
	 * Prints the connection there is.
	 *
	 * @param array<string, mixed>             $known   What is known of the pairing.
	 * @param string                           $trouble Why its key cannot be used; empty when it can.
	 * @param array<int, array<string, mixed>> $results Results of the test; empty when it did not run.
	 * @return void
	 */
	public function connected( array $known, string $trouble, array $results ): void {
		if ( '' !== $trouble ) {
			$words = Causes::words( new Diagnosis( Answer::unasked( $trouble, '' ), 0.0 ) );
			Flash::notice( 'error', $words['title'] . ' ' . $words['remedy'] );
		}
		echo '<h2>' . esc_html__( 'This site’s connection', 'crossdock' ) . '</h2><dl class="crossdock-facts">';
		$this->row( __( 'Hub', 'crossdock' ), (string) ( $known['hub'] ?? '' ) );
		$this->row( __( 'Name in the hub', 'crossdock' ), (string) ( $known['connection']['name'] ?? '' ) );
		$joined = empty( $known['connection']['joined'] ) ? '' : __( 'together with the shop’s REST keys: one connection, nothing arrives twice', 'crossdock' );
		$this->row( __( 'Connector', 'crossdock' ), trim( (string) ( $known['connection']['connector'] ?? '' ) . ' ' . ( '' === $joined ? '' : '(' . $joined . ')' ) ) );
		$this->row( __( 'Since', 'crossdock' ), empty( $known['at'] ) ? '' : Words::exact( (float) $known['at'] ) );
		$this->row( __( 'Secret', 'crossdock' ), __( 'Sealed with the salts of this site; it is never shown again.', 'crossdock' ) );
		echo '</dl>';
		$this->test( $results );
		echo '<h2>' . esc_html__( 'Disconnect', 'crossdock' ) . '</h2><p>' . esc_html__( 'The hub revokes this site’s key. Nothing is sent any more; what waits in the queue stays there.', 'crossdock' ) . '</p>';
		// Asked a second time, with the name, also where no script runs.
		echo '<details class="crossdock-hand"><summary>' . esc_html__( 'Disconnect this site …', 'crossdock' ) . '</summary><p>';
		/* translators: 1: name of the site, 2: address of the hub. */
		echo esc_html( sprintf( __( 'Disconnect “%1$s” from %2$s?', 'crossdock' ), wp_specialchars_decode( (string) get_option( 'blogname' ), ENT_QUOTES ), (string) ( $known['hub'] ?? '' ) ) ) . '</p>';
		Form::button( 'connection-leave', __( 'Yes, disconnect it', 'crossdock' ), array(), 'button crossdock-danger' );
		echo '</details>';
	}

	/**
	 * Prints the ways to connect.
	 *
	 * @param string                $code   A pairing code that the address brought.
	 * @param array<string, string> $typed  hub and key as typed before.
	 * @param array<int, Fault>     $faults What is wrong with them.
	 * @param bool                  $paired Whether the site is connected already.
	 * @param bool                  $secret Whether a usable secret is kept.
	 * @return void
	 */
	public function forms( string $code, array $typed, array $faults, bool $paired, bool $secret ): void {
		echo '<h2>' . esc_html( $paired ? __( 'Connect anew', 'crossdock' ) : __( 'Connect with a pairing code', 'crossdock' ) ) . '</h2>';
		echo '<p id="crossdock-code-help">' . esc_html__( 'Make a pairing code in your hub and paste it here. It is good for 15 minutes and for one site.', 'crossdock' ) . '</p>';
		if ( '' !== $code ) {
			Flash::notice( 'info', __( 'The link has brought a pairing code. Press “Connect” to use it.', 'crossdock' ) );
		}
		Form::open( 'connection-pair' );
		echo '<p><label for="crossdock-code">' . esc_html__( 'Pairing code', 'crossdock' ) . '</label><br><input type="text" id="crossdock-code" name="code" class="large-text code" required autocomplete="off" spellcheck="false" aria-describedby="crossdock-code-help" value="' . esc_attr( $code ) . '"></p>';
		echo '<p><button class="button button-primary">' . esc_html__( 'Connect', 'crossdock' ) . '</button></p></form>';
		$open = array() !== $faults || isset( $typed['key'] );
		echo '<details class="crossdock-hand"' . ( $open ? ' open' : '' ) . '><summary>' . esc_html__( 'Connect by address, key and secret', 'crossdock' ) . '</summary>';
		if ( array() !== $faults ) {
			Flash::notice( 'error', __( 'Nothing was kept: see the fields below.', 'crossdock' ) );
		}
		Form::open( 'connection-hand' );
		echo '<table class="form-table" role="presentation"><tbody>';
		$this->field( 'hub', __( 'Address of the hub', 'crossdock' ), 'url', (string) ( $typed['hub'] ?? '' ), 'https://hub.example', $faults );
		$this->field( 'key', __( 'Key', 'crossdock' ), 'text', (string) ( $typed['key'] ?? '' ), __( 'Begins with cdk_.', 'crossdock' ), $faults );
		$this->field( 'secret', __( 'Secret', 'crossdock' ), 'password', '', $secret ? __( 'Leave it empty to keep the one that is there.', 'crossdock' ) : __( 'Begins with cds_.', 'crossdock' ), $faults );
		echo '</tbody></table><p><button class="button">' . esc_html__( 'Test and keep', 'crossdock' ) . '</button></p></form></details>';
	}

	/**
	 * Prints the test: by script step by step, without one as a form.
	 *
	 * @param array<int, array<string, mixed>> $results Results, when it ran with this page.
	 * @return void
	 */
	private function test( array $results ): void {
		echo '<h2>' . esc_html__( 'Test the connection', 'crossdock' ) . '</h2>';
		echo '<form method="post" id="crossdock-test" data-url="' . esc_url( admin_url( 'admin-ajax.php' ) ) . '" data-nonce="' . esc_attr( wp_create_nonce( 'crossdock-test' ) ) . '" data-steps="' . esc_attr( implode( ',', Trial::STEPS ) ) . '" data-busy="' . esc_attr__( 'Being tried …', 'crossdock' ) . '" data-failed="' . esc_attr__( 'This site did not answer. Reload the page and try again.', 'crossdock' ) . '">';
		Form::mark( 'connection-test' );
		echo '<button class="button">' . esc_html__( 'Test the connection', 'crossdock' ) . '</button></form>';
		echo '<ol id="crossdock-test-results" class="crossdock-steps" aria-live="polite" aria-label="' . esc_attr__( 'Results of the test', 'crossdock' ) . '">';
		foreach ( $results as $result ) {
			echo '<li class="' . esc_attr( $result['ok'] ? 'good' : 'bad' ) . '"><strong>' . esc_html( (string) $result['title'] ) . ':</strong> ';
			State::show( $result['ok'] ? 'ok' : 'error' );
			echo ' ' . esc_html( trim( $result['text'] . ' ' . $result['remedy'] . ( '' === $result['said'] ? '' : ' (' . $result['said'] . ')' ) ) ) . '</li>';
		}
		echo '</ol><template id="crossdock-test-good">';
		State::show( 'ok' );
		echo '</template><template id="crossdock-test-bad">';
		State::show( 'error' );
		echo '</template>';
		foreach ( Verdict::titles() as $step => $title ) {
			echo '<span hidden data-step="' . esc_attr( $step ) . '">' . esc_html( $title ) . '</span>';
		}
	}

	/**
	 * Prints one fact.
	 *
	 * @param string $name  Its name.
	 * @param string $value Its value.
	 * @return void
	 */
	private function row( string $name, string $value ): void {
		echo '<dt>' . esc_html( $name ) . '</dt><dd>' . esc_html( '' === $value ? '–' : $value ) . '</dd>';
	}

	/**
	 * Prints one field with its help and what is wrong with it.
	 *
	 * @param string            $name   Its name.
	 * @param string            $label  Its label.
	 * @param string            $type   Type of the input.
	 * @param string            $value  Its value.
	 * @param string            $help   Its help.
	 * @param array<int, Fault> $faults What is wrong.
	 * @return void
	 */
	private function field( string $name, string $label, string $type, string $value, string $help, array $faults ): void {
		$id = 'crossdock-' . $name;
		echo '<tr><th scope="row"><label for="' . esc_attr( $id ) . '">' . esc_html( $label ) . '</label></th><td>';
		$wrong = FieldView::wrong( $name, $faults );
		echo '<input class="regular-text code" autocomplete="off" spellcheck="false" id="' . esc_attr( $id ) . '" name="' . esc_attr( $name ) . '" type="' . esc_attr( $type ) . '" value="' . esc_attr( $value ) . '" aria-describedby="' . esc_attr( $id . '-help ' . $id . '-wrong' ) . '" aria-invalid="' . esc_attr( '' === $wrong ? 'false' : 'true' ) . '">';
		echo '<p class="description" id="' . esc_attr( $id . '-help' ) . '">' . esc_html( $help ) . '</p><p class="crossdock-wrong" id="' . esc_attr( $id . '-wrong' ) . '">' . esc_html( $wrong ) . '</p></td></tr>';
	}
}
