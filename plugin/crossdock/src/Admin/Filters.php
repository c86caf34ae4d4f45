<?php
/**
 * The filter above a list.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

namespace Crossdock\Admin;

/**
 * Prints filters as a form whose answer is an address, and the pages of a list.
 */
final class Filters {

	/**
	 * Prints the filter of a list.
	 *
	 * @param string                               $slug    The screen's slug.
	 * @param array<string, array<string, string>> $choices Name => (value => word); the first word of each is "all" with an empty value.
	 * @param array<string, string>                $labels  Name => label; `q` for the search.
	 * @param array<string, string>                $present Name => what is chosen.
	 * @return void
	 */
	public static function show( string $slug, array $choices, array $labels, array $present ): void {
		echo '<form method="get" class="crossdock-filters" role="search" aria-label="' . esc_attr__( 'Filter the list', 'crossdock' ) . '">';
		echo '<input type="hidden" name="page" value="' . esc_attr( $slug ) . '">';
		foreach ( $choices as $name => $words ) {
			echo '<label for="crossdock-f-' . esc_attr( $name ) . '">' . esc_html( $labels[ $name ] ) . '</label> ';
			echo '<select id="crossdock-f-' . esc_attr( $name ) . '" name="' . esc_attr( $name ) . '">';
			foreach ( $words as $value => $word ) {
				echo '<option value="' . esc_attr( (string) $value ) . '"' . selected( (string) $value, $present[ $name ] ?? '', false ) . '>' . esc_html( $word ) . '</option>';
			}
			echo '</select> ';
		}
		foreach ( array_diff_key( $present, $choices, array( 'q' => 1 ) ) as $name => $value ) {
			if ( '' !== $value ) {
				echo '<input type="hidden" name="' . esc_attr( $name ) . '" value="' . esc_attr( $value ) . '"><strong>' . esc_html( $value ) . '</strong> ';
			}
		}
		if ( isset( $labels['q'] ) ) {
			echo '<label for="crossdock-f-q">' . esc_html( $labels['q'] ) . '</label> ';
			echo '<input type="search" id="crossdock-f-q" name="q" value="' . esc_attr( $present['q'] ?? '' ) . '"> ';
		}
		echo '<button class="button">' . esc_html__( 'Filter', 'crossdock' ) . '</button>';
		if ( '' !== implode( '', $present ) ) {
			echo ' <a href="' . esc_url( Menu::url( $slug ) ) . '">' . esc_html__( 'Show all', 'crossdock' ) . '</a>';
		}
		echo '</form>';
	}

	/**
	 * Prints the numbered pages of a list.
	 *
	 * @param string                $slug    The screen's slug.
	 * @param array<string, string> $present The filter.
	 * @param int                   $page    The page shown, from 1.
	 * @param int                   $total   Rows in all.
	 * @param int                   $rows    Rows of a page.
	 * @return void
	 */
	public static function pages( string $slug, array $present, int $page, int $total, int $rows ): void {
		$last = max( 1, (int) ceil( $total / max( 1, $rows ) ) );
		echo '<nav class="crossdock-pages" aria-label="' . esc_attr__( 'Pages of the list', 'crossdock' ) . '"><span>';
		/* translators: %s: number of rows. */
		echo esc_html( sprintf( _n( '%s row', '%s rows', $total, 'crossdock' ), number_format_i18n( $total ) ) ) . '</span>';
		if ( $last > 1 ) {
			if ( $page > 1 ) {
				self::link( $slug, $present + array( 'paged' => (string) ( $page - 1 ) ), __( 'Previous page', 'crossdock' ) );
			}
			/* translators: 1: number of this page, 2: number of pages. */
			echo '<span>' . esc_html( sprintf( __( 'Page %1$s of %2$s', 'crossdock' ), number_format_i18n( $page ), number_format_i18n( $last ) ) ) . '</span>';
			if ( $page < $last ) {
				self::link( $slug, $present + array( 'paged' => (string) ( $page + 1 ) ), __( 'Next page', 'crossdock' ) );
			}
		}
		echo '</nav>';
	}

	/**
	 * Prints a link to another page of a list.
	 *
	 * @param string                $slug  The screen's slug.
	 * @param array<string, string> $args  Its query.
	 * @param string                $words What it says, translated.
	 * @return void
	 */
	public static function link( string $slug, array $args, string $words ): void {
		echo '<a class="button" href="' . esc_url( Menu::url( $slug, array_filter( $args, 'strlen' ) ) ) . '">' . esc_html( $words ) . '</a>';
	}
}
