// Prefix sums over a workgroup.

var<workgroup> scan_words: array<vec2<u32>, WORKGROUP>;

// The sums of the values of the invocations up to and with this one. All invocations must call it.
fn scan(t: u32, value: vec2<u32>) -> vec2<u32> {
    var sum = value;
    workgroupBarrier();
    scan_words[t] = sum;
    workgroupBarrier();
    for (var reach = 1u; reach < WORKGROUP; reach <<= 1u) {
        var other = vec2<u32>(0u, 0u);
        if t >= reach {
            other = scan_words[t - reach];
        }
        workgroupBarrier();
        sum += other;
        scan_words[t] = sum;
        workgroupBarrier();
    }
    return sum;
}

// The sum over the workgroup, after scan.
fn scan_total() -> vec2<u32> {
    return scan_words[WORKGROUP - 1u];
}
