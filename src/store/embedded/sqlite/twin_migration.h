// What takes the twins of versions 2 and 3 of the state database, a column for each part, to the records of version 4.
#pragma once

#include "store/embedded/sqlite/database.h"

namespace nave::store::embedded {

// Gives SQL the function nave_twin_record(device_id, module_id, <the eleven columns of version 2>). Of a damaged row it
// makes a damaged record: what was not served before is not served then.
void add_twin_record_function(Database& database);

}  // namespace nave::store::embedded
