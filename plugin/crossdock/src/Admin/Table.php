<?php
/**
 * Tables of the screens.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

/**
 * Prints a table with the looks and the narrow-screen behaviour of WordPress' own lists.
 */
final class Table {

	/**
	 * What the table shows, for those who do not see it.
	 *
	 * @var string
	 */
	private string $caption;

	/**
	 * Column => heading, translated; the first is the row's own name.
	 *
	 * @var array<string, string>
	 */
	private array $columns;

	/**
	 * Name of the checkboxes; empty for none.
	 *
	 * @var string
	 */
	private string $choice;

	/**
	 * Whether the columns fold away on narrow screens.
	 *
	 * @var bool
	 */
	private bool $folds;

	/**
	 * Describes a table.
	 *
	 * @param string                $caption What the table shows, translated.
	 * @param array<string, string> $columns Column => heading, translated.
	 * @param string                $choice  Name of the checkboxes (`ids`); empty for none.
	 * @param bool                  $folds   Whether the columns fold away on narrow screens; not for short numbers.
	 */
	public function __construct( string $caption, array $columns, string $choice = '', bool $folds = true ) {
		$this->caption = $caption;
		$this->columns = $columns;
		$this->choice  = $choice;
		$this->folds   = $folds;
	}

	/**
	 * Prints the table.
	 *
	 * @param array<int, mixed>      $rows  The rows.
	 * @param callable(mixed, string): void $cell Prints a cell of a row; gets the row and the column.
	 * @param string                 $empty What stands there when there are no rows, translated.
	 * @param callable|null          $name  Gets a row, returns its id and its name: for the checkboxes.
	 * @return void
	 */
	public function show( array $rows, callable $cell, string $empty, ?callable $name = null ): void {
		echo '<table class="' . esc_attr( $this->folds ? 'wp-list-table ' : '' ) . 'widefat striped crossdock-table"><caption class="screen-reader-text">' . esc_html( $this->caption ) . '</caption><thead><tr>';
		if ( '' !== $this->choice ) {
			echo '<td class="manage-column check-column"><label class="screen-reader-text" for="crossdock-all">' . esc_html__( 'Choose all rows of this page', 'crossdock' ) . '</label><input id="crossdock-all" type="checkbox"></td>';
		}
		$primary = key( $this->columns );
		foreach ( $this->columns as $column => $heading ) {
			echo '<th scope="col" class="manage-column column-' . esc_attr( $column . ( $column === $primary ? ' column-primary' : '' ) ) . '">' . esc_html( $heading ) . '</th>';
		}
		echo '</tr></thead><tbody>';
		foreach ( $rows as $row ) {
			$this->row( $row, $cell, $name );
		}
		if ( array() === $rows ) {
			$span = count( $this->columns ) + ( '' === $this->choice ? 0 : 1 );
			echo '<tr class="no-items"><td class="colspanchange" colspan="' . esc_attr( (string) $span ) . '">' . esc_html( $empty ) . '</td></tr>';
		}
		echo '</tbody></table>';
	}

	/**
	 * Prints a row.
	 *
	 * @param mixed         $row  The row.
	 * @param callable      $cell Prints a cell.
	 * @param callable|null $name Returns the row's id and name.
	 * @return void
	 */
	private function row( $row, callable $cell, ?callable $name ): void {
		echo '<tr>';
		if ( '' !== $this->choice && null !== $name ) {
			list( $id, $label ) = $name( $row );
			$mark               = 'crossdock-' . $this->choice . '-' . $id;
			/* translators: %s: what the row is about. */
			$words = sprintf( __( 'Choose %s', 'crossdock' ), $label );
			echo '<th scope="row" class="check-column"><label class="screen-reader-text" for="' . esc_attr( $mark ) . '">' . esc_html( $words ) . '</label>';
			echo '<input id="' . esc_attr( $mark ) . '" type="checkbox" name="' . esc_attr( $this->choice ) . '[]" value="' . esc_attr( (string) $id ) . '"></th>';
		}
		$primary = key( $this->columns );
		foreach ( $this->columns as $column => $heading ) {
			$class = 'column-' . $column . ( $column === $primary ? ' has-row-actions column-primary' : '' );
			echo '<td class="' . esc_attr( $class ) . '" data-colname="' . esc_attr( $heading ) . '">';
			$cell( $row, $column );
			if ( $column === $primary && $this->folds && count( $this->columns ) > 1 ) {
				echo '<button type="button" class="toggle-row"><span class="screen-reader-text">' . esc_html__( 'Show more details', 'crossdock' ) . '</span></button>';
			}
			echo '</td>';
		}
		echo '</tr>';
	}
}
