namespace EbpfLb.Testing.Packets;

/// <summary>One checksum of a packet.</summary>
/// <param name="Name">Of its field: "ipv4.checksum", "inner.tcp.checksum"...</param>
/// <param name="Stored">As it is in the packet.</param>
/// <param name="Error">
/// 0: right. Else how far off, as far as the bytes at hand tell: a rewriting that is right leaves this as it was, also in a
/// fragment or a packet that was cut.
/// </param>
/// <param name="Complete">Everything that it covers was there.</param>
/// <param name="Absent">UDP of IPv4 without a checksum.</param>
public readonly record struct ChecksumState(string Name, uint Stored, uint Error, bool Complete, bool Absent = false)
{
    public bool IsWrong => Complete && !Absent && Error != 0;

    public override string ToString() =>
        $"{Name} {Stored:x}: "
            + $"{(Absent ? "absent" : !Complete ? $"incomplete, off by {Error:x}" : Error == 0 ? "right" : $"off by {Error:x}")}";
}
