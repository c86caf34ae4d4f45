<?php
/**
 * Why a command is not carried out.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Commands;

/**
 * A command that is refused: the same command will be refused again.
 */
final class Refusal extends \RuntimeException {

	/**
	 * The reason as a code.
	 *
	 * @var string
	 */
	public string $reason;

	/**
	 * Which part of the command is wrong; empty when it is the whole.
	 *
	 * @var string
	 */
	public string $field;

	/**
	 * Says why.
	 *
	 * @param string $reason A code: lower-case words joined by hyphens.
	 * @param string $detail Plain words that say what would be right.
	 * @param string $field  Which part of the command is wrong.
	 */
	public function __construct( string $reason, string $detail, string $field = '' ) {
		parent::__construct( $detail );
		$this->reason = $reason;
		$this->field  = $field;
	}

	/**
	 * Returns the refusal as the hub reads it.
	 *
	 * @return array{code: string, detail: string, field: string|null}
	 */
	public function document(): array {
		return array(
			'code'   => $this->reason,
			'detail' => $this->getMessage(),
			'field'  => '' === $this->field ? null : $this->field,
		);
	}
}
