namespace EbpfLb.Bpf.Btf;

/// <summary>
/// What the kernel makes sure of before it takes types (btf_resolve(), kernel/bpf/btf.c), and a compiler does not do otherwise: references
/// exist, end, and do not lead through more than can be gone through. Whoever follows them need not look.
/// </summary>
internal static class BtfCheck
{
    /// <summary>The kernel follows 32 references. Its own structs, which it does not check so, are nested less deep than this.</summary>
    private const int Deepest = 128;

    /// <summary>Members of a struct with those of the structs in it.</summary>
    private const long MostMembers = 1 << 20;

    /// <exception cref="BpfException">LibbpfFormat.</exception>
    public static void Check(List<BtfType> types)
    {
        new Walk(types, throughPointers: false).All();
        new Walk(types, throughPointers: true).All();
    }

    /// <param name="types">By id.</param>
    /// <param name="throughPointers">
    /// false: what lies in a value, which a pointer ends. true: what a declaration is spelled of ("const T *[4]"), which the name of a
    /// struct ends.
    /// </param>
    private sealed class Walk(List<BtfType> types, bool throughPointers)
    {
        private const int Open = -1;
        private readonly int[] heights = new int[types.Count];
        private readonly long[] members = new long[types.Count];

        public void All()
        {
            for (var id = 0u; id < types.Count; id++) Height(id, 0);
        }

        private int Height(uint id, int depth)
        {
            if (id >= types.Count) throw Broken($"type {id} does not exist");
            if (heights[id] > 0) return heights[id];
            if (heights[id] == Open) throw Broken($"type {id} contains itself");
            if (depth > Deepest) throw Broken($"type {id} is nested deeper than {Deepest} levels");
            heights[id] = Open;
            var height = 0;
            var count = 1L;
            switch (types[(int)id])
            {
                case BtfModifier type: Follow(type.TypeId); break;
                case BtfTypedef type: Follow(type.TypeId); break;
                case BtfArray type: Follow(type.TypeId); break;
                case BtfPointer type when throughPointers: Follow(type.TypeId); break;
                case BtfStruct type when !throughPointers:
                    foreach (var member in type.Members) Follow(member.TypeId);
                    break;
            }
            if (height >= Deepest) throw Broken($"type {id} is nested deeper than {Deepest} levels");
            if (count > MostMembers) throw Broken($"type {id} has more than {MostMembers} members");
            members[id] = count;
            return heights[id] = height + 1;

            void Follow(uint next)
            {
                height = Math.Max(height, Height(next, depth + 1));
                count += members[next];
            }
        }

        private static BpfException Broken(string why)
            => new(Errno.LibbpfFormat, "read BTF:", why, "build the BPF object again");
    }
}
