namespace EbpfLb.Fuzz;

/// <summary>Gives its bytes in pieces, as a connection does.</summary>
internal sealed class PiecewiseStream(byte[] bytes, Random random) : MemoryStream(bytes, writable: false)
{
    private readonly int largest = random.Next(3) == 0 ? random.Next(1, 64) : int.MaxValue - 1;

    public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Next(count));

    public override int Read(Span<byte> buffer) => base.Read(buffer[..Next(buffer.Length)]);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        => base.ReadAsync(buffer[..Next(buffer.Length)], cancellationToken);

    private int Next(int count) => Math.Min(count, random.Next(1, largest));
}
