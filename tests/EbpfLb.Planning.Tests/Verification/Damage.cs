using EbpfLb.Abi;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Tables;
using EbpfLb.Testing.Tables;

namespace EbpfLb.Planning.Tests.Verification;

/// <summary>What somebody with bpftool could do to the maps.</summary>
internal static class Damage
{
    public static void Do(MemoryKernel kernel, Random random)
    {
        switch (random.Next(8))
        {
            case 0 when kernel.Services4.Entries.Count > 0:
                kernel.Services4.Delete(Any(kernel.Services4.Entries.Keys, random));
                break;
            case 1 when kernel.Services4.Entries.Count > 0:
                var key = Any(kernel.Services4.Entries.Keys, random);
                var other = kernel.Services4.Entries[Any(kernel.Services4.Entries.Keys, random)];
                kernel.Services4.Update(key, ServiceCodec.Sealed(FrontendKey.From(key), other with { Flags = (uint)random.Next(16) }));
                break;
            case 2 when kernel.Services6.Entries.Count > 0:
                kernel.Services6.Update(Any(kernel.Services6.Entries.Keys, random), new LbService { Id = (uint)random.Next(300) });
                break;
            case 3:
                kernel.Slots.Elements[random.Next(64)]
                    = new LbSlot { BackendId = (uint)random.Next(40), ServiceId = (uint)random.Next(20) };
                break;
            case 4:
                kernel.Backends.Elements[random.Next(1, 40)] = default;
                break;
            case 5:
                kernel.Backends.Elements[random.Next(1, 40)].Flags ^= (uint)random.Next(1, 8);
                break;
            case 6:
                kernel.Backends.Elements[random.Next(1, 200)]
                    = new LbBackend { ServiceId = (uint)random.Next(1, 300), Port = Be16.FromHost(9) };
                break;
            case 7:
                kernel.SourceRanges4.Update(
                    new SourceKey((uint)random.Next(1, 300), Model.SourceRange.Parse($"10.{random.Next(256)}.0.0/16")).ToKey4(), 1);
                break;
        }
    }

    private static T Any<T>(IEnumerable<T> all, Random random) => all.ElementAt(random.Next(all.Count()));
}
