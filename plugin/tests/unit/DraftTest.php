<?php
/**
 * A mapping as it is edited.
 *
 * @package Crossdock
 */

declare( strict_types=1 );

use Crossdock\Mapping\Draft;
use PHPUnit\Framework\TestCase;

/**
 * What a form shows may change; everything else of a mapping stays as the hub gave it.
 */
final class DraftTest extends TestCase {

	private const MAPPING = '{"entity":"order","action":"deal","objects":[{"object":"deals","rules":[{"target":"amount","path":"total","transforms":["money",{"lookup":{"table":{},"else":"x"}}],"owner":"crm","new_word":{"a":{}}},{"target":"name","template":"Order {number}"}]},{"object":"items","each":"lines","rules":[]}]}';

	private function row( $rule ): array {
		$rule = (object) $rule;
		$row  = array( 'keep' => json_encode( $rule ), 'target' => $rule->target, 'missing' => $rule->when_missing ?? 'skip', 'default' => $rule->default ?? '', 'transforms' => array() );
		foreach ( Draft::SOURCES as $how ) {
			if ( isset( $rule->$how ) ) {
				$row = array( 'how' => $how, 'source' => $rule->$how ) + $row;
			}
		}
		foreach ( (array) ( $rule->transforms ?? array() ) as $entry ) {
			list( $name, $argument ) = Draft::transform( $entry );
			$row['transforms'][]     = array( 'name' => $name, 'argument' => $argument );
		}
		$row['transforms'][] = array( 'name' => '', 'argument' => '' );
		return $row;
	}

	public function test_a_form_sent_as_it_was_shown_changes_nothing_of_meaning(): void {
		$mapping = json_decode( self::MAPPING );
		$sent    = array( array( $this->row( $mapping->objects[0]->rules[0] ), $this->row( $mapping->objects[0]->rules[1] ) ) );
		$draft   = Draft::of( $mapping, $sent );
		$first   = $draft->objects[0]->rules[0];
		self::assertSame( 'total', $first->path );
		self::assertSame( '["money",{"lookup":{"table":{},"else":"x"}}]', json_encode( $first->transforms ) );
		self::assertSame( array( 'crm', '{"a":{}}' ), array( $first->owner, json_encode( $first->new_word ) ) );
		self::assertSame( 'Order {number}', $draft->objects[0]->rules[1]->template );
		self::assertSame( array( 'lines', array() ), array( $draft->objects[1]->each, $draft->objects[1]->rules ) );
		self::assertSame( 'order', $draft->entity );
	}

	public function test_rows_are_added_changed_and_taken_away(): void {
		$mapping = json_decode( self::MAPPING );
		$gone    = $this->row( $mapping->objects[0]->rules[0] ) + array( 'drop' => '1' );
		$changed = array( 'how' => 'constant', 'source' => ' won ', 'target' => 'stage', 'missing' => 'default', 'default' => '0' ) + $this->row( $mapping->objects[0]->rules[1] );
		$empty   = array( 'keep' => '{}', 'target' => '', 'source' => '', 'how' => 'path' );
		$rules   = Draft::of( $mapping, array( array( $gone, $changed, $empty ) ) )->objects[0]->rules;
		self::assertCount( 1, $rules );
		self::assertSame( array( 'stage', ' won ', 'default', '0' ), array( $rules[0]->target, $rules[0]->constant, $rules[0]->when_missing, $rules[0]->default ) );
		self::assertFalse( isset( $rules[0]->template ) );
	}

	public function test_arguments_come_back_as_they_were(): void {
		foreach ( array( ', ', '255', 255, 2.0, true, null, '', 'null', array( 'a' ), (object) array( 'x' => (object) array() ), '{"a":1}', '"q"', 'ü' ) as $value ) {
			$text = Draft::write( $value );
			self::assertNotSame( '', $text );
			self::assertSame( json_encode( $value ), json_encode( Draft::read( $text ) ), $text );
		}
	}

	public function test_nonsense_is_no_rule(): void {
		$mapping = json_decode( self::MAPPING );
		self::assertSame( array(), Draft::of( $mapping, array( 'x', array( 'y' ) ) )->objects[0]->rules );
		$bad = array( 'keep' => 'no json', 'target' => 't', 'how' => 'other', 'source' => ' a.b ', 'missing' => 'other', 'transforms' => 'x' );
		self::assertSame( '{"target":"t","path":"a.b","transforms":[],"when_missing":"skip","fill_blanks":false}', json_encode( Draft::of( $mapping, array( array( $bad ) ) )->objects[0]->rules[0] ) );
	}
}
