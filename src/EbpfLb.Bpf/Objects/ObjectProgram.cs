using EbpfLb.Bpf.Native;

namespace EbpfLb.Bpf;

/// <summary>A program as the object declares it; what is loaded and how can be changed until the object is loaded.</summary>
public sealed unsafe class ObjectProgram
{
    private readonly BpfObject owner;
    private readonly nint pointer;

    internal ObjectProgram(BpfObject owner, nint pointer)
    {
        this.owner = owner;
        this.pointer = pointer;
        Name = BpfObject.Text(LibBpf.bpf_program__name(pointer));
        Section = BpfObject.Text(LibBpf.bpf_program__section_name(pointer));
    }

    /// <summary>Name of the C function.</summary>
    public string Name { get; }

    /// <summary>Its section: what SEC() says.</summary>
    public string Section { get; }

    /// <summary>Kind of program, by default from the section.</summary>
    public ProgramType Type
    {
        get => (ProgramType)LibBpf.bpf_program__type(Pointer);
        set => Set("set type of program", LibBpf.bpf_program__set_type(Pointer, (uint)value));
    }

    /// <summary>The hook that the verifier checks for, by default from the section.</summary>
    public AttachType AttachType
    {
        get => (AttachType)LibBpf.bpf_program__expected_attach_type(Pointer);
        set => Set("set attach type of program", LibBpf.bpf_program__set_expected_attach_type(Pointer, (uint)value));
    }

    /// <summary>False: the program stays out when the object is loaded.</summary>
    public bool AutoLoad
    {
        get => LibBpf.bpf_program__autoload(Pointer) != 0;
        set => Set("set loading of program", LibBpf.bpf_program__set_autoload(Pointer, value ? (byte)1 : (byte)0));
    }

    internal nint Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(owner.Handle.IsClosed, owner);
            return pointer;
        }
    }

    /// <summary>A handle of its own to the program of the loaded object.</summary>
    /// <exception cref="BpfException">ENOENT: it was left out (<see cref="AutoLoad"/>).</exception>
    public BpfProgram Open()
    {
        owner.RequireLoaded(true, "open program", Name);
        return new BpfProgram(BpfFd.Duplicate(Check.Result(LibBpf.bpf_program__fd(Pointer), "open program", Name)), Name);
    }

    private void Set(string operation, int result)
    {
        if (result == -(int)Errno.EBUSY)
            owner.RequireLoaded(false, operation, Name);
        Check.Result(result, operation, Name);
    }
}
