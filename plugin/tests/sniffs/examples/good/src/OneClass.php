<?php
declare( strict_types=1 );
final class OneClass {
	public function anonymous() {
		return new class() {};
	}
}
