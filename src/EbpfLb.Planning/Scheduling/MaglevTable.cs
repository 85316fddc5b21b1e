using System.Buffers.Binary;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Scheduling;

/// <summary>
/// Tables of consistent hashing as "Maglev: A Fast and Reliable Software Network Load Balancer" (Eisenbud and others, NSDI 2016, section
/// 3.4) has them: each backend has a permutation of all places, and in turn takes the first of its own that is free. Weights as Envoy has
/// them: a backend of half the largest weight takes part in every second turn. The same on every node and every machine: a permutation
/// follows from the backend's address and port alone.
/// </summary>
internal static class MaglevTable
{
    /// <summary>Fills a table with backend ids.</summary>
    /// <param name="backends">Ordered by address, as all lists are; weights are 1 or more.</param>
    /// <param name="ids">Of the backends, in the same order; none is 0.</param>
    /// <param name="table">As many places as the table has, a prime number.</param>
    public static void Fill(ReadOnlySpan<CompiledBackend> backends, ReadOnlySpan<uint> ids, Span<uint> table)
    {
        table.Clear();
        if (backends.IsEmpty) return;
        var size = (uint)table.Length;
        var turns = new Turn[backends.Length];
        uint most = 1;
        for (var i = 0; i < backends.Length; i++)
        {
            turns[i] = new Turn(backends[i].Address, size, ids[i], Math.Max((uint)backends[i].Weight, 1));
            most = Math.Max(most, turns[i].Weight);
        }
        var left = size;
        for (ulong round = 1; ; round++)
        {
            for (var i = 0; i < turns.Length; i++)
            {
                ref var turn = ref turns[i];
                if (round * turn.Weight < turn.Due) continue;
                turn.Due += most;
                var place = turn.Place;
                while (table[(int)place] != 0) place = Next(place, turn.Skip, size);
                table[(int)place] = turn.Id;
                if (--left == 0) return;
                turn.Place = Next(place, turn.Skip, size);
            }
        }
    }

    private static uint Next(uint place, uint skip, uint size)
    {
        place += skip;
        return place >= size ? place - size : place;
    }

    /// <summary>64 bits of an address and port: the finalizer of MurmurHash3 over each word.</summary>
    private static ulong Hash(BackendAddress backend, ulong seed)
    {
        Span<byte> bytes = stackalloc byte[16];
        backend.Address.WriteBytes(bytes);
        var hash = Mix(seed ^ backend.Port);
        hash = Mix(hash ^ BinaryPrimitives.ReadUInt64BigEndian(bytes));
        return Mix(hash ^ BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
    }

    private static ulong Mix(ulong x)
    {
        x ^= x >> 33;
        x *= 0xff51_afd7_ed55_8ccd;
        x ^= x >> 33;
        x *= 0xc4ce_b9fe_1a85_ec53;
        return x ^ (x >> 33);
    }

    /// <summary>A backend's way through the table.</summary>
    private struct Turn(BackendAddress backend, uint size, uint id, uint weight)
    {
        public readonly uint Id = id;
        public readonly uint Weight = weight;

        /// <summary>With a prime number of places each step but 0 meets all of them.</summary>
        public readonly uint Skip = size > 1 ? (uint)(Hash(backend, 0x736b_6970) % (size - 1)) + 1 : 0;

        /// <summary>Where its permutation goes on.</summary>
        public uint Place = (uint)(Hash(backend, 0x6f66_6673_6574) % size);

        /// <summary>Its weight times the round in which it takes part again.</summary>
        public ulong Due;
    }
}
