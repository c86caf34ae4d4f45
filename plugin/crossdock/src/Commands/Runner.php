<?php
/**
 * Carries out the hub's commands.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Commands;

use Crossdock\Monitor\Log;

/**
 * Carries out each command once, whatever becomes of the answer, and says of each how it ended.
 */
class Runner {

	/**
	 * The commands seen.
	 *
	 * @var Seen
	 */
	private Seen $seen;

	/**
	 * Writes meta.
	 *
	 * @var Writer
	 */
	private Writer $writer;

	/**
	 * What concerns the sending.
	 *
	 * @var Sending
	 */
	private Sending $sending;

	/**
	 * The log.
	 *
	 * @var Log
	 */
	private Log $log;

	/**
	 * Notes what it needs.
	 *
	 * @param Seen    $seen    The commands seen.
	 * @param Writer  $writer  Writes meta.
	 * @param Sending $sending What concerns the sending.
	 * @param Log     $log     The log.
	 */
	public function __construct( Seen $seen, Writer $writer, Sending $sending, Log $log ) {
		$this->seen    = $seen;
		$this->writer  = $writer;
		$this->sending = $sending;
		$this->log     = $log;
	}

	/**
	 * Carries out commands in their order.
	 *
	 * @param array<mixed> $commands Each `{id, action, target?, meta?, kinds?, kind?, ids?, reason?}`.
	 * @return array<int, array<string, mixed>> For each `{id, status: done|duplicate|refused, problem}`.
	 */
	public function run( array $commands ): array {
		$results = array();
		foreach ( array_values( $commands ) as $command ) {
			$results[] = $this->one( is_array( $command ) ? $command : array() );
		}
		return $results;
	}

	/**
	 * Carries out one command.
	 *
	 * @param array<mixed> $command The command.
	 * @return array<string, mixed>
	 */
	private function one( array $command ): array {
		$id     = is_string( $command['id'] ?? null ) ? $command['id'] : '';
		$action = is_string( $command['action'] ?? null ) ? $command['action'] : '';
		if ( ! preg_match( '/^[A-Za-z0-9_-]{8,36}$/D', $id ) || 0 === strpos( $id, 'n-' ) ) {
			$refusal = new Refusal( 'bad-id', 'Give an id of 8 to 36 letters, digits and hyphens.', 'id' );
			return $this->result( $id, 'refused', $refusal->document() );
		}
		$begun = $this->seen->begin( $id, $action, $this->target( $command ) );
		if ( 'refused' === $begun ) {
			return $this->result( $id, 'refused', $this->seen->problem( $id ) );
		}
		if ( 'new' !== $begun ) {
			return 'done' === $begun ? $this->result( $id, 'duplicate', null ) : $this->result( $id, 'refused', $this->busy() );
		}
		try {
			Own::during(
				function () use ( $action, $command ): void {
					$this->carry_out( $action, $command );
				}
			);
		} catch ( Refusal $refusal ) {
			$this->seen->end( $id, 'refused', $refusal->document() );
			$this->log->warning( 'command-refused', $refusal->getMessage(), array( 'command' => $id, 'action' => $action, 'code' => $refusal->reason ) );
			return $this->result( $id, 'refused', $refusal->document() );
		}
		$this->seen->end( $id, 'done', null );
		return $this->result( $id, 'done', null );
	}

	/**
	 * Does what a command says.
	 *
	 * @param string       $action  What to do.
	 * @param array<mixed> $command The command.
	 * @return void
	 * @throws Refusal When it cannot be done.
	 */
	private function carry_out( string $action, array $command ): void {
		switch ( $action ) {
			case 'ping':
				return;
			case 'write_meta':
				$this->writer->write( (array) ( $command['target'] ?? array() ), (array) ( $command['meta'] ?? array() ) );
				return;
			case 'pause':
			case 'resume':
			case 'export':
			case 'refresh':
				$this->sending->carry_out( $action, $command );
				return;
			default:
				throw new Refusal( 'unknown-action', 'This version of the plugin knows write_meta, ping, pause, resume, export and refresh.', 'action' );
		}
	}

	/**
	 * Returns what is said of a command that another request is carrying out: the one refusal after which asking again helps.
	 *
	 * @return array<string, mixed>
	 */
	private function busy(): array {
		$refusal = new Refusal( 'busy', 'Another request carries this command out; ask again in two minutes.', 'id' );
		return array( 'retry' => true ) + $refusal->document();
	}

	/**
	 * Returns on what a command works, for the record.
	 *
	 * @param array<mixed> $command The command.
	 * @return string
	 */
	private function target( array $command ): string {
		$target = is_array( $command['target'] ?? null ) ? $command['target'] : array();
		$kind   = $target['kind'] ?? '';
		$id     = $target['id'] ?? '';
		return is_scalar( $kind ) && is_scalar( $id ) && '' !== $kind ? $kind . ':' . $id : '';
	}

	/**
	 * Returns how a command ended.
	 *
	 * @param string                    $id      The command.
	 * @param string                    $status  done, duplicate or refused.
	 * @param array<string, mixed>|null $problem Why it was refused.
	 * @return array<string, mixed>
	 */
	private function result( string $id, string $status, ?array $problem ): array {
		return array(
			'id'      => $id,
			'status'  => $status,
			'problem' => $problem,
		);
	}
}
